import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import type { ShiftRow } from '#release/schema/index.ts';
import { SHIFTS_FILE } from './files.ts';
import { pool } from './pool.ts';
import { Source, samplesOf, subjectOf } from './samples.ts';
import { conceptShifts } from './shift.ts';

const Settings = z.strictObject({
  layers: z.array(z.int().min(0)).min(1),
  seed: z.int().min(0),
  rounds: z.int().min(10),
  confidence: z.number().gt(0).lt(1),
  source: Source,
});
export type ShiftSettings = z.input<typeof Settings>;

/**
 * Concept shift vectors of every layer: what fine-tuning adds to the last token of the samples about one thing. Inputs: `tuned`
 * and `base`, stores of the same samples (`source`), with and without the picture.
 */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const s = Settings.parse(settings);
  const [tuned, base] = [await openStore(needFolders(inputs, 'tuned')), await openStore(needFolders(inputs, 'base'))];
  if (String(tuned.meta.samples) !== String(base.meta.samples))
    throw new ParallaxError('tuned and base: the stores hold different samples', 'harvest the same slice for both');
  const concepts = (await samplesOf(s.source)).map((sample) => subjectOf(sample)?.name ?? null);
  const rows: ShiftRow[] = [];
  for (const [done, layer] of s.layers.entries()) {
    const [after, before] = [await pool(tuned, layer, 'last'), await pool(base, layer, 'last')];
    const options = { ...s, random: random(s.seed, 'related/shift', layer) };
    rows.push(...conceptShifts(after, before, concepts, options).map((shift) => ({ layer, ...shift })));
    progress(done + 1, s.layers.length, 'layers');
  }
  await writeFile(join(out, SHIFTS_FILE), `${JSON.stringify(rows)}\n`);
};
