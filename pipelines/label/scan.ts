import type { Encoder, SparseRows } from '#pipelines/sae/index.ts';
import { emptyReservoir, type Hit, hitKey, mergeReservoirs, type Reservoir, type ReservoirSizes } from './reservoir.ts';
import type { Stream } from './streams.ts';

/** Rows encoded at once; bounds memory. */
const ROWS = 8192;

/** Encoded rows `from .. to` of a stream: whole samples `first .. last`. */
export interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly rows: SparseRows;
}

/** Encodes a stream in chunks of whole samples. */
export async function* encodeStream(
  { store, starts, samples }: Stream,
  layer: number,
  encoder: Encoder,
): AsyncGenerator<Chunk> {
  for (let first = 0; first < samples; ) {
    let last = first + 1;
    while (last < samples && starts[last + 1]! - starts[first]! <= ROWS) last += 1;
    const [from, to] = [starts[first]!, starts[last]!];
    const rows = await encoder.encodeSparse(await store.rows(layer, from, to), to - from);
    yield { first, last, from, rows };
    first = last;
  }
}

/** Activation of every feature that fires in rows of a chunk, as `visit(feature, row, value)`; rows counted in the store. */
export function visitRows(
  { from, rows }: Chunk,
  start: number,
  end: number,
  visit: (feature: number, row: number, value: number) => void,
): void {
  for (let row = start; row < end; row++)
    for (let e = rows.offsets[row - from]!; e < rows.offsets[row - from + 1]!; e++)
      visit(rows.index[e]!, row, rows.value[e]!);
}

/**
 * Strongest and random hits of each of `n` features over a stream.
 * @param counts whether a row counts (all where absent)
 */
export async function scanStream(
  stream: Stream,
  layer: number,
  encoder: Encoder,
  n: number,
  options: { seed: number; sizes: ReservoirSizes; counts?: (row: number) => boolean },
): Promise<Reservoir[]> {
  const reservoirs = new Array<Reservoir>(n).fill(emptyReservoir);
  for await (const chunk of encodeStream(stream, layer, encoder)) {
    const hits: Hit[][] = Array.from({ length: n }, () => []);
    for (let sample = chunk.first; sample < chunk.last; sample++) {
      const peaks = new Map<number, number>();
      visitRows(chunk, stream.starts[sample]!, stream.starts[sample + 1]!, (feature, row, value) => {
        if (options.counts && !options.counts(row)) return;
        if (value > (peaks.get(feature) ?? 0)) peaks.set(feature, value);
      });
      const at = stream.first + sample;
      for (const [feature, max] of peaks)
        hits[feature]!.push({ sample: at, max, key: hitKey(options.seed, feature, at) });
    }
    hits.forEach((list, feature) => {
      if (list.length === 0) return;
      const more = { fired: list.length, top: list, drawn: list };
      reservoirs[feature] = mergeReservoirs(reservoirs[feature]!, more, options.sizes);
    });
  }
  return reservoirs;
}
