import type { ActivationStore } from '#pipelines/activations/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import type { SparseFeatures } from './features.ts';
import { SampleAccumulator, type SampleSums, SUM_CLASS } from './sums.ts';

/** Samples `[from, to)` of a store, by their order. */
export type SampleRange = readonly [from: number, to: number];

/** Anything that gives sparse features of rows `x [tokens, d]`; an `Encoder` of `sae/` is one. */
export interface RowEncoder {
  encodeSparse(x: Float32Array, tokens: number): Promise<SparseFeatures>;
}

/** Rows of a store that belong to a range of samples. */
export interface StreamRows {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  /** Sample of each row, from 0. */
  readonly sample: Uint32Array;
  /** `SUM_CLASS` of each row: text counts as `text` after the picture, or where there is none. */
  readonly classes: Uint8Array;
}

/** The rows of a range of samples. Throws where the range reaches beyond the store. */
export function streamRows(store: ActivationStore, range: SampleRange | null): StreamRows {
  const { table, meta } = store;
  const [first, last] = range ?? [0, meta.samples.length];
  if (!(first >= 0 && first < last && last <= meta.samples.length))
    throw new ParallaxError(
      `samples ${first} to ${last} are not in the store of ${meta.samples.length}`,
      'harvest more samples, or analyse fewer',
    );
  let from = 0;
  while (from < meta.tokens && table.sample[from]! < first) from += 1;
  let to = from;
  while (to < meta.tokens && table.sample[to]! < last) to += 1;
  const pictured = new Uint8Array(last);
  for (let row = from; row < to; row += 1) if (table.class[row] === TOKEN_CLASS.image) pictured[table.sample[row]!] = 1;
  const classOf = (row: number): number => {
    if (table.class[row] === TOKEN_CLASS.image) return SUM_CLASS.image;
    return table.afterImage[row] || !pictured[table.sample[row]!] ? SUM_CLASS.text : SUM_CLASS.other;
  };
  return {
    from,
    to,
    samples: last - first,
    sample: Uint32Array.from({ length: to - from }, (_, i) => table.sample[from + i]! - first),
    classes: Uint8Array.from({ length: to - from }, (_, i) => classOf(from + i)),
  };
}

/** Tokens encoded at a time. */
const CHUNK = 4096;

/** Encodes a layer's rows of a range of samples and gathers their sums; memory grows with samples, not with tokens. */
export async function sumsOfStream(
  encoder: RowEncoder,
  n: number,
  store: ActivationStore,
  layer: number,
  options: { readonly range: SampleRange | null; readonly threshold: number },
): Promise<SampleSums> {
  const rows = streamRows(store, options.range);
  const accumulator = new SampleAccumulator(n, rows.samples, options.threshold);
  for (let at = rows.from; at < rows.to; at += CHUNK) {
    const end = Math.min(rows.to, at + CHUNK);
    const features = await encoder.encodeSparse(await store.rows(layer, at, end), end - at);
    const slice = [at - rows.from, end - rows.from] as const;
    accumulator.add(features, rows.sample.subarray(...slice), rows.classes.subarray(...slice));
  }
  return accumulator.finish();
}
