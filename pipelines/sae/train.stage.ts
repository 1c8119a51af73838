import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '#pipelines/activations/index.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { loadSae } from './formats/index.ts';
import { saveSae } from './save.ts';
import { TrainSettings } from './settings.ts';
import { dropCheckpoint, readCheckpoint, writeCheckpoint } from './train/checkpoint.ts';
import { dictionaryOf } from './train/init.ts';
import { planTraining } from './train/plan.ts';
import { trainSae } from './train/train.ts';

/**
 * Trains one layer's dictionary, from scratch or, where there is an input `start`, from that one. Inputs: stores in the role
 * `activations`, whole or in parts. Output: `cfg.json` and `sae_weights.safetensors` (SAELens), `log.json`.
 */
export const run: StageRun = async ({ settings: raw, inputs, out, device, progress, log: say }) => {
  const settings = TrainSettings.parse(raw);
  const { stage, layer, checkpointEvery } = settings;
  const store = await openStore(needFolders(inputs, 'activations'));
  const start = inputs['start'] ? await loadSae(inputs['start']) : undefined;
  const training = await planTraining(settings, store, start);
  const path = join(out, 'checkpoint.safetensors');
  const key = JSON.stringify({ settings, tokens: store.meta.tokens, scale: training.config.scale });
  const found = await readCheckpoint(path, key, training.config);
  if (found) say(`goes on from step ${found.state.step} of ${training.config.schedule.total}`);
  const at = found?.state ?? training.state;
  const { state, log } = await trainSae({
    config: training.config,
    start: at,
    ...(found ? { log: found.log } : {}),
    batches: training.batchesAfter(at.step),
    device,
    deadAfter: settings.aux.deadAfter,
    checkpoint: (checkpoint) => writeCheckpoint(path, key, checkpoint),
    checkpointEvery,
    progress: (done, total) => progress(done * settings.batch, total * settings.batch, 'tokens'),
  });
  await saveSae(out, dictionaryOf(training.config, state), {
    hookName: `blocks.${layer}.hook_resid_post`,
    ...settings.origin,
  });
  await writeFile(join(out, 'log.json'), `${JSON.stringify({ stage, layer, ...log })}\n`);
  await dropCheckpoint(path);
};
