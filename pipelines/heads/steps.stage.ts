import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HarvestSettings, run as harvest } from '#pipelines/activations/harvest.stage.ts';
import { type ActivationStore, openStore } from '#pipelines/activations/index.ts';
import type { Json, StageContext, StageRun } from '#pipelines/config/stage.ts';
import { collect } from '#pipelines/data/index.ts';
import { rowCosines } from '#pipelines/diff/geometry.ts';
import { sumsOfStream } from '#pipelines/diff/stream.ts';
import { byLength, forcedChoice, openModel } from '#pipelines/models/index.ts';
import { writeMoment } from '#pipelines/models/steps.ts';
import { createEncoder, loadSae, type Sae } from '#pipelines/sae/index.ts';
import { qualityRows, sumQuality } from '#pipelines/sae/quality.ts';
import { TrainSettings } from '#pipelines/sae/settings.ts';
import { run as train } from '#pipelines/sae/train.stage.ts';
import { firingRows, scoresOf } from '#pipelines/spatial/firing.ts';
import { openSpatial } from '#pipelines/spatial/index.ts';
import type { StepRow } from '#release/schema/index.ts';
import { layerAttention } from './attention.ts';
import { meanEstimate } from './estimate.ts';
import { answerable, encodeAll } from './samples.ts';
import { attentionOf, effectOf, rotationOf } from './steps/measures.ts';

const Stream = HarvestSettings.omit({ layers: true });
const Settings = z.strictObject({
  step: z.int().min(0),
  layers: z.array(z.int().min(0)).min(1),
  /** The tokens that stage F is adapted on, held-out ones, and the two prompt families over the same pictures. */
  streams: z.strictObject({ train: Stream, heldOut: Stream, spatial: Stream, matched: Stream }),
  /** Adaptation from stage S, as stage F's. */
  train: TrainSettings.omit({ layer: true, stage: true }),
  /** Spatial questions that are asked. */
  asked: z.strictObject({ seed: z.int(), from: z.int(), samples: z.int().min(2) }),
  firesAbove: z.number().min(0),
  rounds: z.int().min(10),
  confidence: z.number().gt(0).lt(1),
});
export type StepsSettings = z.input<typeof Settings>;

const BATCH = 16;
/** Everything that a moment's figures are made of; removed when they are. */
const WORK = '.work';

/** Whether each chosen feature fires on each sample's text: 0 or 1, `[features][samples]`. */
async function firedOn(sae: Sae, store: ActivationStore, layer: number, chosen: readonly number[], above: number) {
  const encoder = await createEncoder(sae);
  try {
    const sums = await sumsOfStream(encoder, sae.n, store, layer, { range: null, threshold: above });
    const scores = scoresOf(firingRows(sums), chosen);
    return chosen.map((i) => scores.get(i)!.map((top) => Number(top > above)));
  } finally {
    await encoder.close();
  }
}

/**
 * The tuned model at one moment of its training, by the dictionaries of the last: what turned, what the fixed dictionaries still
 * explain, what spatial features do, where heads look, what is answered. Files: `model` (the tuned model's folder) and `moment` (a
 * checkpoint). Inputs: `S/<layer>`, `F/<layer>` and `spatial`. Output: `step.json`, a `StepRow`.
 */
export const run: StageRun = async ({ settings: raw, inputs, files, out, device, progress, log }) => {
  const s = Settings.parse(raw);
  const intervals = { rounds: s.rounds, confidence: s.confidence, seed: s.asked.seed };
  const work = (name: string) => join(out, WORK, name);
  const model = work('model');
  await writeMoment(files['model']!, { step: s.step, folder: files['moment']! }, model);
  const parts = 6 + s.layers.length;
  let done = 0;
  const tick = () => {
    done += 1;
    progress(done, parts, 'parts');
  };

  const context = (settings: Json, name: string, more: Partial<StageContext>): StageContext => ({
    ...{ settings, inputs: {}, files: {}, out: work(name), device, progress() {}, log },
    ...more,
  });
  const stores: Record<string, ActivationStore> = {};
  for (const [name, stream] of Object.entries(s.streams)) {
    await mkdir(work(name), { recursive: true });
    await harvest(context({ ...stream, layers: s.layers }, name, { files: { model } }));
    stores[name] = await openStore([work(name)]);
    tick();
  }
  const spatial = await openSpatial(inputs['spatial']!);
  const layers: StepRow['layers'][number][] = [];
  for (const layer of s.layers) {
    const [S, F] = [await loadSae(inputs[`S/${layer}`]!), await loadSae(inputs[`F/${layer}`]!)];
    const name = `adapted-${layer}`;
    await mkdir(work(name), { recursive: true });
    const start = { 'activations/0': work('train'), start: inputs[`S/${layer}`]! };
    await train(context({ ...s.train, stage: 'F', layer } as Json, name, { inputs: start }));
    const now = await loadSae(work(name));
    const fvuOf = async (sae: Sae) => {
      const sums = await sumQuality(sae, stores['heldOut']!, layer);
      return qualityRows(sums, { stage: '', layer, stream: '', ...intervals })[0]!.fvu;
    };
    const chosen = Array.from({ length: F.n }, (_, i) => i).filter((i) => spatial.feature(layer, i).spatial);
    const fired = (family: string) => firedOn(F, stores[family]!, layer, chosen, s.firesAbove);
    layers.push({
      layer,
      rotation: rotationOf(rowCosines(S.wDec, now.wDec, S.d), intervals),
      fvu: { S: await fvuOf(S), F: await fvuOf(F) },
      features: chosen.length,
      spatial_effect: effectOf(await fired('spatial'), await fired('matched'), intervals),
    });
    tick();
  }
  const opened = await openModel(model, { role: 'tuned', device });
  const { seed, from, samples } = s.asked;
  const questions = await collect('scenes/spatial', { seed, from, to: from + samples });
  const answers = await forcedChoice(opened, answerable(questions));
  tick();
  const encoded = await encodeAll(opened, questions);
  const mass: Float64Array[] = [];
  for (let layer = 0; layer < opened.decoder.anatomy.layers; layer += 1) {
    const found = Array.from({ length: opened.decoder.anatomy.heads }, () => new Float64Array(encoded.length));
    for (const index of byLength(encoded, BATCH)) {
      const batch = index.map((i) => encoded[i]!);
      const seen = await layerAttention(opened.decoder, opened.inputs(batch), [], batch, layer);
      for (const [row, i] of index.entries()) for (const [h, head] of seen[row]!.entries()) found[h]![i] = head.mass;
    }
    mass.push(...found);
  }
  await opened.close();
  const row: StepRow = {
    step: s.step,
    layers,
    accuracy: meanEstimate(
      answers.map((a) => Number(a.logOdds > 0)),
      intervals,
    ),
    attention: attentionOf(mass, intervals),
  };
  await rm(join(out, WORK), { recursive: true });
  await writeFile(join(out, 'step.json'), `${JSON.stringify(row)}\n`);
  tick();
};
