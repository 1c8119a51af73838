import { ParallaxError } from '#pipelines/config/errors.ts';
import { random } from '#pipelines/data/random.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import type { TokenMask } from './mask.ts';
import { sequence, shuffle } from './shuffle.ts';
import type { RowSource } from './source.ts';

/** A place in the stream, from which a stopped reader goes on: the window's number, its first group, and rows of it delivered. */
export interface OnlinePlace {
  readonly window: number;
  /** Counted on over the epochs. */
  readonly group: number;
  readonly skip: number;
}
export const STREAM_START: OnlinePlace = { window: 0, group: 0, skip: 0 };

export interface OnlineOptions {
  readonly seed: number;
  readonly batch: number;
  /** Rows of a window; the last group that it takes may exceed it. */
  readonly buffer: number;
  readonly mask: TokenMask;
  readonly from?: OnlinePlace;
}

export interface OnlineBatch {
  /** `[batch, dModel]` by layer, the same tokens in all. */
  readonly x: ReadonlyMap<number, Float32Array>;
  /** Where the next batch begins. */
  readonly next: OnlinePlace;
}

interface Held {
  /** By layer `[rows, dModel]`. */
  readonly x: ReadonlyMap<number, Float32Array>;
  readonly rows: number;
  readonly end: number;
}

/** Harvests groups from `first` on until they fill the buffer or end the epoch, and keeps the rows of the mask. */
async function fill(source: RowSource, first: number, { buffer, mask }: OnlineOptions): Promise<Held> {
  const { dModel, layers, groups } = source;
  const parts = new Map(layers.map((layer) => [layer, [] as Float32Array[]]));
  let rows = 0;
  let end = first;
  do {
    const { classes, rows: data } = await source.group(end % groups);
    const kept = [...classes.keys()].filter((t) => mask === 'all' || classes[t] === TOKEN_CLASS[mask]);
    rows += kept.length;
    for (const layer of layers)
      for (const t of kept) parts.get(layer)!.push(data.get(layer)!.subarray(t * dModel, (t + 1) * dModel));
    end += 1;
  } while (rows === 0 ? end < first + groups : rows < buffer && end % groups !== 0);
  if (rows === 0)
    throw new ParallaxError(`activations: no token of class ${mask} in the stream`, 'choose another mask or data set');
  const x = new Map<number, Float32Array>();
  for (const [layer, list] of parts) {
    const all = new Float32Array(rows * dModel);
    for (const [i, row] of list.entries()) all.set(row, i * dModel);
    x.set(layer, all);
  }
  return { x, rows, end };
}

/**
 * Endless full batches of all layers straight from the model, nothing stored: windows of the stream in its own order, each shuffled in
 * memory. A reader that begins at the place that another reached gives the same batches. A store's reader draws its windows from the
 * whole epoch, so the order differs from that with a store; the rows are the same.
 */
export async function* online(source: RowSource, options: OnlineOptions): AsyncGenerator<OnlineBatch, never> {
  const { seed, batch, from = STREAM_START } = options;
  const { dModel, layers } = source;
  const empty = () => new Map(layers.map((layer) => [layer, new Float32Array(batch * dModel)]));
  let { window, group, skip } = from;
  let x = empty();
  let filled = 0;
  for (; ; window += 1, skip = 0) {
    const held = await fill(source, group, options);
    const order = shuffle(sequence(held.rows), random(seed, 'online', window).int);
    for (let at = skip; at < held.rows; at += 1) {
      const i = order[at]!;
      for (const [layer, data] of held.x)
        x.get(layer)!.set(data.subarray(i * dModel, (i + 1) * dModel), filled * dModel);
      filled += 1;
      if (filled < batch) continue;
      yield { x, next: { window, group, skip: at + 1 } };
      x = empty();
      filled = 0;
    }
    group = held.end;
  }
}
