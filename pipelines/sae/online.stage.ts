import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type OnlinePlace, online, openSource, type RowSource, STREAM_START } from '#pipelines/activations/index.ts';
import { foldersOf } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openModel } from '#pipelines/models/index.ts';
import { loadSae } from './formats/index.ts';
import { saveSae } from './save.ts';
import { TrainSettings } from './settings.ts';
import { dictionaryOf } from './train/init.ts';
import { addRow, emptyLog, isLogged, type LogColumns } from './train/log.ts';
import { dropPlace, readPlace, writePlace } from './train/place.ts';
import { dataSeedOf, planStart, START_ROWS } from './train/plan.ts';
import type { TrainState } from './train/state.ts';
import { openTrainer, type Trainer } from './train/trainer.ts';

export const OnlineSettings = z.strictObject({
  /** Of every layer's dictionary; `layer` and `samples` are not read. */
  train: TrainSettings.omit({ layer: true, samples: true }),
  layers: z.array(z.int().min(0)).min(1),
  dataset: z.string(),
  seed: z.int().min(0),
  slices: z.array(z.tuple([z.int().min(0), z.int().min(1)])).min(1),
  dtype: z.enum(['float32', 'float16']).default('float16'),
  image: z.enum(['own', 'none']).default('own'),
  answer: z.boolean().default(false),
});
export type OnlineSettings = z.input<typeof OnlineSettings>;

/** Where a layer's dictionary lies below the others. */
export const layerFolder = (layer: number): string => `L${String(layer).padStart(2, '0')}`;

/** The first rows of the mask by layer, from which dictionaries start: those of the first groups, in their order. */
async function firstRows(
  source: RowSource,
  mask: 'all' | 'image' | 'text',
): Promise<ReadonlyMap<number, Float32Array>> {
  const reader = online(source, { seed: 0, batch: START_ROWS, buffer: START_ROWS, mask });
  return (await reader.next()).value.x;
}

/**
 * Trains the dictionaries of all layers in one pass over the model, without a store of activations: for streams whose store would not
 * fit the disk. Files: `model`; inputs `start/0`, `start/1`, ... by layer where they are adapted. Output: `L03/` with what `train.stage`
 * writes, a folder a layer. Memory: the dictionaries with their moments, and `buffer` rows of every layer.
 */
export const run: StageRun = async ({ settings: raw, inputs, files, out, device, progress, log: say }) => {
  const { train, layers, ...stream } = OnlineSettings.parse(raw);
  const starts = foldersOf(inputs, 'start');
  const model = await openModel(files['model']!, { device });
  const trainers: Trainer[] = [];
  try {
    const source = openSource(model, layers, stream);
    const seed = dataSeedOf({ ...train, layer: 0 });
    const drawn = starts.length === 0 ? await firstRows(source, train.mask) : undefined;
    const plans = [];
    for (const [i, layer] of layers.entries()) {
      const settings = { ...TrainSettings.parse({ ...train, layer }), layer };
      plans.push({ layer, ...planStart(settings, source.dModel, drawn?.get(layer) ?? (await loadSae(starts[i]!))) });
    }
    const { total } = plans[0]!.config.schedule;
    const key = JSON.stringify({ settings: raw, scales: plans.map(({ config }) => config.scale) });
    const found = await readPlace(out, key, plans);
    if (found) say(`goes on from step ${found.states[0]!.step} of ${total}`);
    const logs: LogColumns[] = found?.logs ?? plans.map(() => emptyLog());
    for (const [i, { config, state }] of plans.entries())
      trainers.push(await openTrainer(config, found?.states[i] ?? state, { device, batch: train.batch }));
    let step = found?.states[0]?.step ?? 0;
    const from: OnlinePlace = found?.place ?? STREAM_START;
    const every = Math.max(1, Math.floor(total / 100));
    const states = (): TrainState[] => trainers.map((trainer) => trainer.state());
    if (step < total)
      for await (const { x, next } of online(source, { ...train, seed, from })) {
        step += 1;
        for (const [i, { layer, config }] of plans.entries()) {
          const outcome = await trainers[i]!.step(x.get(layer)!);
          if (isLogged(step, total, every))
            addRow(logs[i]!, step, outcome, trainers[i]!.dead(train.aux.deadAfter) / config.n);
        }
        progress(step * train.batch, total * train.batch, 'tokens');
        if (step >= total) break;
        if (step % train.checkpointEvery === 0) await writePlace(out, key, { place: next, states: states(), logs });
      }
    for (const [i, { layer, config }] of plans.entries()) {
      const folder = join(out, layerFolder(layer));
      await mkdir(folder, { recursive: true });
      await saveSae(folder, dictionaryOf(config, states()[i]!), {
        hookName: `blocks.${layer}.hook_resid_post`,
        ...train.origin,
      });
      await writeFile(join(folder, 'log.json'), `${JSON.stringify({ stage: train.stage, layer, ...logs[i]! })}\n`);
    }
    await dropPlace(out);
  } finally {
    for (const trainer of trainers) await trainer.close();
    await model.close();
  }
};
