import { f32, type Tensor } from '#graph/tensor.ts';
import type { HeadRef, Metric } from '#graph/types.ts';
import { byLength, type Choice } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { answer } from './behaviour.ts';
import { paired } from './estimate.ts';
import { meanAblation } from './mean-ablation.ts';
import { unembeddingRows } from './readout.ts';

const BATCH = 32;

/**
 * Change of the log-odds of the right answer, sample by sample, when each head alone is held at its mean: one array a head, in their
 * order. All heads of a batch go up together from the layer that they stand in (`Decoder.patchHeads`), read at `ln_final` by the
 * difference of the two answers' unembedding rows; where logits are not linear in that, each head is a run of its own.
 * @param means by layer, `[heads, dHead]`
 */
export async function ablateHeads(
  model: TracedModel,
  choices: readonly Choice[],
  heads: readonly HeadRef[],
  means: ReadonlyMap<number, Float32Array>,
  progress: (done: number) => void = () => {},
): Promise<Float64Array[]> {
  const pairs = [...new Set(choices.map(({ right, wrong }) => `${right} ${wrong}`))];
  const directions = await directionsOf(model, pairs);
  if (!directions) return oneByOne(model, choices, heads, means, progress);
  const out = heads.map(() => new Float64Array(choices.length));
  const encoded = choices.map((c) => c.encoded);
  let done = 0;
  for (const index of byLength(encoded, BATCH)) {
    const batch = index.map((i) => encoded[i]!);
    const pos = Math.max(...batch.map((e) => e.ids.length));
    const mask = new Float32Array(batch.length * pos);
    batch.forEach((e, row) => {
      mask[row * pos + e.ids.length - 1] = 1;
    });
    const metric: Metric = {
      at: 'ln_final',
      direction: directions,
      mask: f32(mask, [batch.length, pos]),
      activation: 'identity',
    };
    const held = heldAt(model, means, batch.length, pos);
    const effect = (await model.decoder.patchHeads(model.inputs(batch), metric, heads, held)).data;
    for (const h of heads.keys())
      index.forEach((i, row) => {
        const pair = pairs.indexOf(`${choices[i]!.right} ${choices[i]!.wrong}`);
        out[h]![i] = effect[(h * pairs.length + pair) * batch.length + row]!;
      });
    done += index.length;
    progress(done);
  }
  return out;
}

/** Right less wrong unembedding row of each pair of tokens, `[pairs, dModel]`; null where the logits are not linear. */
async function directionsOf({ decoder }: TracedModel, pairs: readonly string[]): Promise<Tensor<'float32'> | null> {
  const tokens = pairs.flatMap((pair) => pair.split(' ').map(Number));
  const rows = await unembeddingRows(decoder, tokens);
  if (!rows) return null;
  const { dModel } = decoder.anatomy;
  const data = Float32Array.from({ length: pairs.length * dModel }, (_, i) => {
    const [k, j] = [Math.floor(i / dModel), i % dModel];
    return rows[2 * k * dModel + j]! - rows[(2 * k + 1) * dModel + j]!;
  });
  return f32(data, [pairs.length, dModel]);
}

/** Every head's mean at every position, by site of z. */
function heldAt({ decoder }: TracedModel, means: ReadonlyMap<number, Float32Array>, batch: number, pos: number) {
  const { heads, dHead } = decoder.anatomy;
  return Object.fromEntries(
    Array.from(means, ([layer, mean]) => {
      const z = new Float32Array(batch * pos * mean.length);
      for (let at = 0; at < z.length; at += mean.length) z.set(mean, at);
      return [`blocks.${layer}.attn.hook_z`, f32(z, [batch, pos, heads, dHead])];
    }),
  );
}

async function oneByOne(
  model: TracedModel,
  choices: readonly Choice[],
  heads: readonly HeadRef[],
  means: ReadonlyMap<number, Float32Array>,
  progress: (done: number) => void,
): Promise<Float64Array[]> {
  const intact = await answer(model, choices);
  const out: Float64Array[] = [];
  for (const ref of heads) {
    const held = meanAblation([ref], means, model.decoder.anatomy.dHead);
    out.push(paired((await answer(model, choices, () => held)).log_odds, intact.log_odds));
    progress(Math.floor((choices.length * out.length) / heads.length));
  }
  return out;
}
