import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '#pipelines/data/random.ts';
import type { Sample, Scene } from '#pipelines/data/sample.ts';
import { renderScene } from '#pipelines/data/scene/render.ts';
import { loadSprites } from '#pipelines/data/scene/sprites.ts';
import { meanAblation, meanZ } from '#pipelines/heads/mean-ablation.ts';
import { TASK_NAMES, tasksOf } from '#pipelines/heads/tasks.ts';
import { answerChoices, choiceOf, openModel } from '#pipelines/models/index.ts';
import { createEncoder } from '#pipelines/sae/encode.ts';
import { PATHS } from '#release/ids.ts';
import { parseSafetensors, toNumbers } from '#release/safetensors.ts';
import { TUNED } from './probe-site.ts';

export interface Expected {
  readonly logOdds: number;
  /** With the head zeroed, and held at its mean. */
  readonly off: Readonly<Record<'zero' | 'mean', number>>;
  /** Strongest feature on the picture. */
  readonly top: { readonly index: number; readonly value: number };
}

/** The strongest feature of a layer on the image tokens, by the pipeline's own encoder and the release's dictionary. */
async function strongest(release: string, layer: number, x: Float32Array, from: number, to: number) {
  const tensors = parseSafetensors(await readFile(join(release, PATHS.dictionary(layer))));
  const read = (name: string) => toNumbers(tensors.get(`F.${name}`)!, Float32Array);
  const [d, n] = tensors.get('F.W_enc')!.shape as [number, number];
  const weights = { wEnc: read('W_enc'), bEnc: read('b_enc'), wDec: read('W_dec'), bDec: read('b_dec') };
  const encoder = await createEncoder({ d, n, activation: 'topk', k: 16, scale: 1, applyBDec: true, ...weights });
  const f = (await encoder.encode(x, x.length / d)).subarray(from * n, to * n);
  await encoder.close();
  const at = f.reduce((best, value, i) => (value > f[best]! ? i : best), 0);
  return { index: at % n, value: f[at]! };
}

/** What the pipeline in Node says of the same scene, question, layer and head. */
export async function pipelineSays(
  release: string,
  scene: Scene,
  ask: { prompt: string; answer: string; opposite: string },
  layer: number,
  head: { layer: number; head: number },
): Promise<Expected> {
  const model = await openModel(TUNED, { role: 'tuned' });
  const { layers, dHead } = model.decoder.anatomy;
  const sample: Sample = {
    id: 'probe',
    image: renderScene(scene, await loadSprites(), random(0, 'probe', 'picture')),
    prompt: ask.prompt,
    answer: ask.answer,
    truth: { family: 'spatial', kind: 'relation', opposite: ask.opposite },
  };
  const choice = choiceOf(model, await model.encode(sample));
  const site = `blocks.${layer}.hook_resid_post`;
  const taps = await model.decoder.run(model.inputs([choice.encoded]), { taps: [site] });
  const tasks = await tasksOf(model, { seed: 0, from: 0, to: 16 });
  const others = TASK_NAMES.flatMap((task) => tasks[task].map(({ encoded }) => encoded));
  const means = await meanZ(model, others, [...Array(layers).keys()]);
  const oddsWith = async (interventions: Parameters<typeof answerChoices>[2]) =>
    (await answerChoices(model, [choice], interventions))[0]!.logOdds;
  const { afterImage } = choice.encoded;
  const patches = model.patches!.rows * model.patches!.columns;
  const expected = {
    logOdds: await oddsWith(() => []),
    off: {
      zero: await oddsWith(() => [{ at: `blocks.${head.layer}.attn.hook_z`, op: 'zero', head: head.head }]),
      mean: await oddsWith(() => meanAblation([head], means, dHead)),
    },
    top: await strongest(release, layer, taps[site]!.data, afterImage - patches, afterImage),
  };
  await model.close();
  return expected;
}
