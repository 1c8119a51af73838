import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { dataset } from '#pipelines/data/index.ts';
import { openModel } from '#pipelines/models/index.ts';
import type { Encoded } from '#pipelines/models/types.ts';
import { harvestInto } from './harvest.ts';
import { GROUP } from './source.ts';
import { createStore } from './writer.ts';

export const HarvestSettings = z.strictObject({
  /** Name of the data set in `data/`; samples `from` (included) to `to` (excluded). */
  dataset: z.string(),
  seed: z.int().min(0),
  from: z.int().min(0),
  to: z.int().min(1),
  /** All layers where null. */
  layers: z.array(z.int().min(0)).min(1).nullable().default(null),
  dtype: z.enum(['float32', 'float16']).default('float16'),
  /** `own`: the sample's picture; `none`: its text alone. */
  image: z.enum(['own', 'none']).default('own'),
  /** Append the sample's answer to its prompt. */
  answer: z.boolean().default(false),
});
export type HarvestSettings = z.input<typeof HarvestSettings>;

/** Residual streams of a slice of a data set. Files: `model`, the model's folder. Output: a store folder. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const { dataset: name, seed, from, to, layers, dtype, image, answer } = HarvestSettings.parse(settings);
  const model = await openModel(files['model']!, { device });
  try {
    const { anatomy } = model.decoder;
    const chosen = layers ?? Array.from({ length: anatomy.layers }, (_, layer) => layer);
    const beyond = chosen.find((layer) => layer >= anatomy.layers);
    if (beyond !== undefined)
      throw new ParallaxError(
        `layer ${beyond} does not exist: ${model.id} has layers 0-${anatomy.layers - 1}`,
        `choose layers from 0 to ${anatomy.layers - 1}`,
      );
    const writer = await createStore(out, { dModel: anatomy.dModel, layers: chosen, dtype });
    let group: Encoded[] = [];
    let done = 0;
    const flush = async () => {
      await harvestInto(writer, model, group, chosen);
      done += group.length;
      group = [];
      progress(done, to - from, 'samples');
    };
    for await (const sample of dataset(name, { seed, from, to })) {
      group.push(await model.encode(sample, { image, answer }));
      if (group.length === GROUP) await flush();
    }
    if (group.length > 0) await flush();
    await writer.close();
  } finally {
    await model.close();
  }
};
