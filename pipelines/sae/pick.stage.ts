import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { layerFolder } from './online.stage.ts';

const PickSettings = z.strictObject({ layer: z.int().min(0) });

/** One layer's dictionary out of those that `online.stage` trained together. Input: `all`. Output: as `train.stage`. */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const { layer } = PickSettings.parse(settings);
  const folder = join(inputs['all']!, layerFolder(layer));
  const files = await readdir(folder).catch((cause) => {
    throw new ParallaxError(`${folder} is missing`, `train layer ${layer} with the others`, { cause });
  });
  for (const file of files) await copyFile(join(folder, file), join(out, file));
  progress(1, 1, 'parts');
};
