import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ActivationStore, openStore } from '#pipelines/activations/index.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { dataset } from '#pipelines/data/index.ts';
import { openModel } from '#pipelines/models/index.ts';
import type { Encoded } from '#pipelines/models/types.ts';
import { loadSae } from './formats/index.ts';
import { spliceLoss } from './loss.ts';
import { GROUPS, type Group, qualityRows, sumQuality } from './quality.ts';

export const CardSettings = z.strictObject({
  stage: z.string(),
  layer: z.int().min(0),
  /** Name of the stream, for the card: `base/text`, `tuned/scenes`. */
  stream: z.string(),
  seed: z.int().min(0).default(0),
  rounds: z.int().min(10).default(200),
  confidence: z.number().gt(0).lt(1).default(0.95),
  /** Held-out samples of the stream on which the loss is measured, with the reconstruction in place; not measured where null. */
  loss: z
    .strictObject({
      dataset: z.string(),
      seed: z.int().min(0),
      from: z.int().min(0),
      samples: z.int().min(2),
      image: z.enum(['own', 'none']).default('own'),
      answer: z.boolean().default(false),
    })
    .nullable()
    .default(null),
});
export type CardSettings = z.input<typeof CardSettings>;
type Loss = NonNullable<z.output<typeof CardSettings>['loss']>;

/** Mean of the stream at a layer, `[d]`, over all tokens of the store. */
async function streamMean(store: ActivationStore, layer: number): Promise<Float64Array> {
  const { dModel, tokens } = store.meta;
  const mean = new Float64Array(dModel);
  for (let from = 0; from < tokens; from += 4096) {
    const x = await store.rows(layer, from, Math.min(tokens, from + 4096));
    for (const [j, v] of x.entries()) mean[j % dModel]! += v / tokens;
  }
  return mean;
}

/**
 * Quality card of one dictionary on held-out activations. Inputs: `sae`, store folders in roles that begin with `activations`; files:
 * `model`, where the loss is measured. Output: `card.json`, `{ rows: QualityRow[] }`.
 */
export const run: StageRun = async ({ settings: raw, inputs, files, out, device, progress }) => {
  const { stage, layer, stream, seed, rounds, confidence, loss } = CardSettings.parse(raw);
  const sae = await loadSae(inputs['sae']!);
  const store = await openStore(needFolders(inputs, 'activations'));
  if (store.meta.dModel !== sae.d)
    throw new ParallaxError(
      `card of ${stage}, layer ${layer}: the dictionary has width ${sae.d}, the activations ${store.meta.dModel}`,
      'give activations of the model and layer that the dictionary was trained on',
    );
  const sums = await sumQuality(sae, store, layer);
  progress(1, 2, 'parts');
  const interval = { rounds, confidence, seed };
  const total = (group: Group) => sums[group].tokens.reduce((a, b) => a + b, 0);
  const groups = GROUPS.filter((group) => group === 'all' || (total(group) > 0 && total(group) < total('all')));
  const measured = loss ? await lossOf(loss, groups) : {};
  /** A class that holds all tokens has the figures of `all`. */
  const figures = Object.fromEntries(GROUPS.map((group) => [group, measured[group] ?? measured.all]));
  const rows = qualityRows(sums, { stage, layer, stream, ...interval, loss: figures });
  await writeFile(join(out, 'card.json'), `${JSON.stringify({ rows })}\n`);
  progress(2, 2, 'parts');

  async function lossOf({ dataset: name, seed: dataSeed, from, samples, image, answer }: Loss, classes: Group[]) {
    const model = await openModel(files['model']!, { device });
    try {
      const encoded: Encoded[] = [];
      for await (const sample of dataset(name, { seed: dataSeed, from, to: from + samples }))
        encoded.push(await model.encode(sample, { image, answer }));
      const mean = await streamMean(store, layer);
      return await spliceLoss({ model, sae, layer, samples: encoded, groups: classes, mean, interval });
    } finally {
      await model.close();
    }
  }
};
