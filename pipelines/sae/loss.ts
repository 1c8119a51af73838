import { f32, type Tensor } from '#graph/tensor.ts';
import { batchesByLength } from '#pipelines/activations/harvest.ts';
import { type Encoded, TOKEN_CLASS, type TracedModel } from '#pipelines/models/types.ts';
import { estimate, type Interval } from './bootstrap.ts';
import { reconstruct } from './decode.ts';
import { createEncoder } from './encode.ts';
import type { Group, LossFigures } from './quality.ts';
import type { Sae } from './types.ts';

/** Padded positions of a forward pass with all its logits. */
const POSITIONS = 2048;

/** What stands at the chosen positions of the residual stream in each run. */
const RUNS = ['clean', 'spliced', 'zero', 'mean'] as const;
type RunName = (typeof RUNS)[number];

/** Sum over positions of the cross-entropy of the next token, where that is text; and how many such positions. */
export function crossEntropy(
  logits: Float32Array,
  vocab: number,
  { ids, classes }: Encoded,
): [sum: number, count: number] {
  let [sum, count] = [0, 0];
  for (let p = 0; p + 1 < ids.length; p += 1) {
    if (classes[p + 1] !== TOKEN_CLASS.text) continue;
    const row = logits.subarray(p * vocab, (p + 1) * vocab);
    let top = row[0]!;
    for (const v of row) if (v > top) top = v;
    let total = 0;
    for (const v of row) total += Math.exp(v - top);
    sum += top + Math.log(total) - row[ids[p + 1]!]!;
    count += 1;
  }
  return [sum, count];
}

const inGroup = (group: Group, tokenClass: number): boolean =>
  tokenClass !== TOKEN_CLASS.dropped && (group === 'all' || tokenClass === TOKEN_CLASS[group]);

/** Positions `[row, position]` of a batch whose class is in the group. */
const positionsOf = (batch: readonly Encoded[], group: Group): [row: number, position: number][] =>
  batch.flatMap((e, row) =>
    [...e.classes.keys()].filter((p) => inGroup(group, e.classes[p]!)).map((p): [number, number] => [row, p]),
  );

/** A copy of the stream with other rows at the chosen positions. */
function withRows(
  stream: Tensor<'float32'>,
  places: readonly (readonly [number, number])[],
  rowOf: (i: number) => ArrayLike<number>,
): Tensor<'float32'> {
  const [, positions, d] = stream.dims as [number, number, number];
  const data = stream.data.slice();
  for (const [i, [row, p]] of places.entries()) data.set(rowOf(i), (row * positions + p) * d);
  return f32(data, stream.dims);
}

/**
 * Loss recovered when the reconstruction of the residual stream after block `layer` stands in its place, against zero and mean
 * ablation of the same positions: those of the class, BOS and padding never. `mean` is the stream's mean, `[d]`.
 */
export async function spliceLoss(options: {
  readonly model: TracedModel;
  readonly sae: Sae;
  readonly layer: number;
  readonly samples: readonly Encoded[];
  readonly groups: readonly Group[];
  readonly mean: ArrayLike<number>;
  readonly interval: Interval;
}): Promise<Partial<Record<Group, LossFigures>>> {
  const { model, sae, layer, samples, groups, mean, interval } = options;
  const site = `blocks.${layer}.hook_resid_post`;
  const zeros = new Float32Array(sae.d);
  const sums = Object.fromEntries(
    groups.map((group) => [group, Object.fromEntries(RUNS.map((run) => [run, new Float64Array(samples.length)]))]),
  ) as Record<Group, Record<RunName, Float64Array>>;
  const counts = new Float64Array(samples.length);
  const encoder = await createEncoder(sae);
  try {
    for (const index of batchesByLength(
      samples.map((s) => s.ids.length),
      POSITIONS,
    )) {
      const batch = index.map((i) => samples[i]!);
      const inputs = model.inputs(batch);
      const record = (logits: Tensor<'float32'>, into: (sample: number) => (sum: number) => void) => {
        const [, positions, vocab] = logits.dims as [number, number, number];
        for (const [row, i] of index.entries()) {
          const mine = logits.data.subarray(row * positions * vocab, (row + 1) * positions * vocab);
          const [sum, count] = crossEntropy(mine, vocab, batch[row]!);
          counts[i] = count;
          into(i)(sum);
        }
      };
      const first = await model.decoder.run(inputs, { taps: [site, 'logits'] });
      const stream = first[site]!;
      record(first['logits']!, (i) => (sum) => {
        for (const group of groups) sums[group].clean[i] = sum;
      });
      const positions = stream.dims[1]!;
      for (const group of groups) {
        const places = positionsOf(batch, group);
        const x = new Float32Array(places.length * sae.d);
        for (const [i, [row, p]] of places.entries()) {
          const from = (row * positions + p) * sae.d;
          x.set(stream.data.subarray(from, from + sae.d), i * sae.d);
        }
        const back = reconstruct(sae, x, await encoder.encodeSparse(x, places.length));
        const values: Record<Exclude<RunName, 'clean'>, (i: number) => ArrayLike<number>> = {
          spliced: (i) => back.subarray(i * sae.d, (i + 1) * sae.d),
          zero: () => zeros,
          mean: () => mean,
        };
        for (const [run, rowOf] of Object.entries(values)) {
          const value = withRows(stream, places, rowOf);
          const out = await model.decoder.run(inputs, {
            taps: ['logits'],
            interventions: [{ at: site, op: 'set', value }],
          });
          record(out['logits']!, (i) => (sum) => {
            sums[group][run as RunName][i] = sum;
          });
        }
      }
    }
  } finally {
    await encoder.close();
  }
  const total = counts.reduce((a, b) => a + b, 0);
  return Object.fromEntries(
    groups.map((group): [Group, LossFigures] => {
      const { clean, spliced, zero } = sums[group];
      const recovered = estimate([clean, spliced, zero], counts, (c, s, z) => (z - s) / (z - c), interval);
      const means = RUNS.map((run) => [run, sums[group][run].reduce((a, b) => a + b, 0) / total]);
      return [group, { recovered, ...(Object.fromEntries(means) as Record<RunName, number>) }];
    }),
  );
}
