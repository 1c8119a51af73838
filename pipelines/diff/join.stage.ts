import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import {
  adaptedMask,
  type Mask,
  rotationThreshold,
  sensitivityGrid,
  sharedMask,
  strictMask,
  suspectMask,
} from './adapted.ts';
import { type ArrayFile, type NamedArray, readArrays, writeArrays } from './arrays.ts';
import { DIFF_FILE, FLAGS_FILE, SUMMARY_FILE } from './files.ts';
import { type DiffSummary, layerSummary, shareBeside } from './summary.ts';

export const DiffJoinSettings = z.strictObject({
  layers: z.array(z.int().min(0)).min(1),
  confidence: z.number().gt(0).lt(1),
  eps: z.number().min(0),
  percentile: z.number().min(0).max(100),
  suspectBelow: z.number(),
  grid: z.strictObject({ eps: z.array(z.number()), percentiles: z.array(z.number()) }),
});
export type DiffJoinSettings = z.input<typeof DiffJoinSettings>;

/**
 * What needs all layers: thresholds by percentile, the adapted sets, their sensitivity, and how many of them the controls share.
 * Inputs: `layer/<l>`, the folder of each layer's diff.
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
  const all = (name: string): Float64Array => {
    const whole = new Float64Array(s.layers.length * n);
    for (const [i, file] of files.entries()) whole.set(file.get(name), i * n);
    return whole;
  };
  const maybe = (name: string): Float64Array | null => (files.every((file) => file.has(name)) ? all(name) : null);

  const cosSF = all('cos.S.F');
  const vision = all('energy.vision');
  const text = all('energy.text');
  const [cosDF, cosMF, cosSF2, cosSC] = [maybe('cos.D.F'), maybe('cos.M.F'), maybe('cos.S.F2'), maybe('cos.S.C')];
  const threshold = rotationThreshold(cosSF, s.percentile);
  const adapted = adaptedMask(vision, cosSF, s.eps, threshold);
  const masks: Record<string, Mask> = {
    dead: Uint8Array.from(vision, (e, i) => (e === 0 && text[i] === 0 ? 1 : 0)),
    adapted,
    'adapted.strict': strictMask(adapted, all('preference.low')),
  };
  if (cosDF && cosMF) masks['suspect'] = suspectMask(cosDF, cosMF, s.suspectBelow);
  if (cosSF2) masks['rotated.shared'] = sharedMask(cosSF, cosSF2, s.percentile);

  const modality = all('dominance.class');
  const layerOf = (array: Uint8Array | Float64Array, i: number) => array.subarray(i * n, (i + 1) * n);
  const mask = (name: string, i: number) => layerOf(masks[name]!, i) as Mask;
  const secondThreshold = cosSF2 && rotationThreshold(cosSF2, s.percentile);
  const summary: DiffSummary = {
    layers: s.layers.map((layer, i) =>
      layerSummary({
        layer,
        dead: mask('dead', i),
        adapted: mask('adapted', i),
        strict: mask('adapted.strict', i),
        suspect: masks['suspect'] ? mask('suspect', i) : null,
        cosSF: layerOf(cosSF, i),
        cosSC: cosSC ? layerOf(cosSC, i) : null,
        modality: layerOf(modality, i),
      }),
    ),
    sensitivity: { ...s.grid, ...sensitivityGrid(vision, cosSF, s.grid, adapted) },
    adapted_in_control:
      cosSC && shareBeside(adapted, (i) => cosSC[i]! <= threshold, 'features not adapted', s.confidence),
    adapted_in_one_seed:
      cosSF2 && shareBeside(adapted, (i) => cosSF2[i]! > secondThreshold!, 'features not adapted', s.confidence),
    thresholds: { rotation: threshold },
  };
  const shape = [s.layers.length, n];
  const named = Object.entries(masks).map(([name, data]): [string, NamedArray] => [name, { shape, data }]);
  await writeArrays(join(out, FLAGS_FILE), Object.fromEntries(named));
  await writeFile(join(out, SUMMARY_FILE), `${JSON.stringify(summary)}\n`);
  progress(1, 1, 'joins');
};
