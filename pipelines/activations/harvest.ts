import { type Encoded, TOKEN_CLASS, type TracedModel } from '#pipelines/models/types.ts';
import type { StoreWriter } from './writer.ts';

/** Padded positions of one forward pass; bounds its memory. */
const BATCH_POSITIONS = 4096;

const site = (layer: number) => `blocks.${layer}.hook_resid_post`;

/** Groups samples of like length, so that little of a forward pass is padding. The groups depend on the lengths alone. */
export function batchesByLength(lengths: readonly number[], positions = BATCH_POSITIONS): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const batches: number[][] = [];
  for (const i of order) {
    const last = batches.at(-1);
    if (last && (last.length + 1) * lengths[i]! <= positions) last.push(i);
    else batches.push([i]);
  }
  return batches;
}

/** Kept positions of a sample: BOS and padding are dropped. */
const keptPositions = ({ classes }: Encoded): number[] =>
  [...classes.keys()].filter((p) => classes[p] !== TOKEN_CLASS.dropped);

/** Runs samples through the decoder and appends their residual streams in the order given. */
export async function harvestInto(
  writer: Pick<StoreWriter, 'append'>,
  model: TracedModel,
  samples: readonly Encoded[],
  layers: readonly number[],
): Promise<void> {
  const dModel = model.decoder.anatomy.dModel;
  const kept = samples.map(keptPositions);
  const rows = samples.map(() => new Map<number, Float32Array>());
  let out: Awaited<ReturnType<TracedModel['decoder']['run']>> = {};
  let last = '';
  for (const batch of batchesByLength(samples.map((s) => s.ids.length))) {
    const shape = `${batch.length} x ${Math.max(...batch.map((i) => samples[i]!.ids.length))}`;
    // a batch of the last one's shape overwrites its results: all that is kept of them was copied
    const into = shape === last ? out : {};
    out = await model.decoder.run(model.inputs(batch.map((i) => samples[i]!)), { taps: layers.map(site), into });
    last = shape;
    for (const layer of layers) {
      const { dims, data } = out[site(layer)]!;
      const positions = dims[1]!;
      for (const [b, i] of batch.entries()) {
        const mine = new Float32Array(kept[i]!.length * dModel);
        for (const [t, p] of kept[i]!.entries()) {
          const from = (b * positions + p) * dModel;
          mine.set(data.subarray(from, from + dModel), t * dModel);
        }
        rows[i]!.set(layer, mine);
      }
    }
  }
  for (const [i, { sample, ids, classes, afterImage }] of samples.entries()) {
    const position = kept[i]!;
    const tokens = {
      position,
      class: position.map((p) => classes[p]!),
      id: position.map((p) => ids[p]!),
      afterImage: position.map((p) => Number(afterImage > 0 && p >= afterImage)),
    };
    await writer.append(sample.id, tokens, rows[i]!);
  }
}
