import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { type ArrayFile, type NamedArray, readArrays, writeArrays } from './arrays.ts';
import { DIFF_FILE, FLAGS_FILE, SUMMARY_FILE } from './files.ts';
import { joinDiff } from './join.ts';
import type { ArrayOf } from './noise.ts';

export const DiffJoinSettings = z.strictObject({
  layers: z.array(z.int().min(0)).min(1),
  confidence: z.number().gt(0).lt(1),
  eps: z.number().min(0),
  percentile: z.number().min(0).max(100),
  suspectBelow: z.number(),
  rotationQ: z.number().min(0).max(1),
  grid: z.strictObject({ eps: z.array(z.number()), percentiles: z.array(z.number()) }),
});
export type DiffJoinSettings = z.input<typeof DiffJoinSettings>;

/**
 * What needs all layers: thresholds by percentile, the test against adaptation noise, the adapted sets, their sensitivity, and
 * how many of them the controls share. Inputs: `layer/<l>`, the folder of each layer's diff.
 */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const s = DiffJoinSettings.parse(settings);
  const files: ArrayFile[] = [];
  for (const layer of s.layers) {
    const folder = inputs[`layer/${layer}`];
    if (!folder) throw new ParallaxError(`input layer/${layer} is missing`, 'name the diff of every layer in the plan');
    files.push(await readArrays(join(folder, DIFF_FILE)));
  }
  const n = files[0]!.shape('cos.S.F')[0]!;
  const of: ArrayOf = (name) => {
    if (!files.every((file) => file.has(name))) return null;
    const whole = new Float64Array(s.layers.length * n);
    for (const [i, file] of files.entries()) whole.set(file.get(name), i * n);
    return whole;
  };
  const { arrays, summary } = joinDiff(of, s);
  const shape = [s.layers.length, n];
  const named = Object.entries(arrays).map(([name, data]): [string, NamedArray] => [name, { shape, data }]);
  await writeArrays(join(out, FLAGS_FILE), Object.fromEntries(named));
  await writeFile(join(out, SUMMARY_FILE), `${JSON.stringify(summary)}\n`);
  progress(1, 1, 'joins');
};
