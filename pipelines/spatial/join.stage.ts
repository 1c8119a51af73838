import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { collect } from '#pipelines/data/index.ts';
import { readArrays, writeArrays } from '#pipelines/diff/arrays.ts';
import { EVIDENCE_FILE, FIRING_FILE, firingFrom, SPATIAL_FILE } from './files.ts';
import { type JoinInput, joinSpatial } from './join.ts';

export const SpatialJoinSettings = z.strictObject({
  layers: z.array(z.int().min(0)).min(1),
  seed: z.int().min(0),
  confidence: z.number().gt(0).lt(1),
  rounds: z.int().min(10),
  rule: z.enum(['samples', 'paper']),
  firesAbove: z.number().min(0),
  oddsRatio: z.number().positive(),
  riskDifference: z.number().min(0),
  q: z.number().min(0).max(1),
  genericRate: z.number().min(0).max(1),
  wordShare: z.number().min(0),
  splits: z.int().min(1),
  /** Data sets whose samples the streams were harvested from, for the truth of each sample; null where it is not known. */
  truth: z
    .strictObject({
      spatial: z.string().default('scenes/spatial'),
      mirror: z.string().default('scenes/mirror'),
      seed: z.int().min(0),
      from: z.int().min(0),
    })
    .nullable(),
});
export type SpatialJoinSettings = z.input<typeof SpatialJoinSettings>;

/**
 * Spatial features over all layers: q over every feature, the held-out half, further splits, and what the truth of the samples
 * tells of the chosen ones. Inputs: `layer/<l>`, the folder of each layer's firing.
 */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const s = SpatialJoinSettings.parse(settings);
  const layers: JoinInput['layers'][number][] = [];
  for (const layer of s.layers) {
    const folder = inputs[`layer/${layer}`];
    if (!folder)
      throw new ParallaxError(`input layer/${layer} is missing`, 'name the firing of every layer in the plan');
    const file = await readArrays(join(folder, FIRING_FILE));
    const stream = (name: 'spatial' | 'matched' | 'generic') => {
      const rows = firingFrom(file, name);
      if (!rows) throw new ParallaxError(`layer ${layer}: the stream ${name} is missing`, 'run its firing stage again');
      return rows;
    };
    const [spatial, matched, generic] = [stream('spatial'), stream('matched'), stream('generic')];
    layers.push({
      layer,
      spatial,
      matched,
      generic,
      word: firingFrom(file, 'word'),
      mirror: firingFrom(file, 'mirror'),
    });
  }
  const pictures = layers[0]!.spatial.samples;
  const known = s.truth;
  const truth = known && {
    spatial: await collect(known.spatial, { seed: known.seed, from: known.from, to: known.from + pictures }),
    mirror: layers.every((l) => l.mirror)
      ? await collect(known.mirror, { seed: known.seed, from: known.from, to: known.from + pictures })
      : null,
  };
  const { arrays, file } = joinSpatial(
    { layers, truth },
    { ...s, rules: s, rounds: s.rounds, confidence: s.confidence },
    (done, total) => progress(done, total, 'features'),
  );
  await writeArrays(join(out, SPATIAL_FILE), arrays);
  await writeFile(join(out, EVIDENCE_FILE), `${JSON.stringify(file)}\n`);
};
