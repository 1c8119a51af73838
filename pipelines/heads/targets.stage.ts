import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openSpatial } from '#pipelines/spatial/index.ts';
import type { TargetsFile } from './files.ts';
import { chooseTargets } from './targets.ts';

const Settings = z.strictObject({ count: z.int(), seed: z.int() });

/** Chooses the features that are traced, from the joined spatial evidence (input `spatial`). */
export const run: StageRun = async ({ settings, inputs, out }) => {
  const { count, seed } = Settings.parse(settings);
  const spatial = await openSpatial(inputs['spatial']!);
  const candidates = Array.from(spatial.all(), ({ layer, feature, spatial: chosen, effect, rate }) => ({
    layer,
    feature,
    spatial: chosen,
    effect,
    rate,
  }));
  const targets: TargetsFile = chooseTargets(candidates, count, seed);
  await writeFile(join(out, 'targets.json'), JSON.stringify(targets));
};
