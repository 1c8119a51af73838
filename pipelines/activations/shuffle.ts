import { ParallaxError } from '#pipelines/config/errors.ts';
import { random } from '#pipelines/data/random.ts';
import type { ActivationStore } from './types.ts';

export interface ShuffleOptions {
  readonly layer: number;
  readonly seed: number;
  /** Rows of a batch; every batch is full, epochs follow on without a gap. */
  readonly batch: number;
  /** The rows that take part, ascending; all where absent. */
  readonly rows?: Uint32Array;
  /** Rows already delivered to an earlier reader with the same options: they are passed over unread. */
  readonly skip?: number;
  /** Rows held in memory (default 65,536). */
  readonly buffer?: number;
  /** Neighbouring rows read together (default 256). */
  readonly block?: number;
}

export interface Batch {
  /** `[batch, dModel]` */
  readonly x: Float32Array;
  /** Row in the store of each vector. */
  readonly rows: Uint32Array;
}

/** Fisher-Yates in place. */
export function shuffle(items: Uint32Array, draw: (from: number, to: number) => number): Uint32Array {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = draw(0, i);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
  return items;
}

export const sequence = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i);

/** A buffer's worth of one epoch: blocks of the chosen rows, and the order in which its rows come out. */
export interface Window {
  /** Positions `[from, to)` in the list of chosen rows. */
  readonly blocks: readonly (readonly [from: number, to: number])[];
  readonly rows: number;
  order(): Uint32Array;
}

/**
 * The plan of one epoch over `count` chosen rows: blocks in random order, cut into windows that fit the buffer, rows in random order
 * within a window. Depends on its arguments alone.
 */
export function windows(count: number, seed: number, epoch: number, block: number, buffer: number): Window[] {
  const blocks = shuffle(sequence(Math.ceil(count / block)), random(seed, 'blocks', epoch).int);
  const perWindow = Math.max(1, Math.floor(buffer / block));
  const out: Window[] = [];
  for (let at = 0; at < blocks.length; at += perWindow) {
    const chosen = [...blocks.subarray(at, at + perWindow)].map(
      (b) => [b * block, Math.min(count, (b + 1) * block)] as const,
    );
    const rows = chosen.reduce((n, [from, to]) => n + to - from, 0);
    const number = out.length;
    out.push({ blocks: chosen, rows, order: () => shuffle(sequence(rows), random(seed, 'rows', epoch, number).int) });
  }
  return out;
}

/** Reads a window's rows in the order of its blocks: values `[rows, dModel]` and row numbers. */
async function load(store: ActivationStore, layer: number, chosen: Uint32Array, window: Window): Promise<Batch> {
  const { dModel } = store.meta;
  const x = new Float32Array(window.rows * dModel);
  const rows = new Uint32Array(window.rows);
  let at = 0;
  for (const [from, to] of window.blocks) {
    const first = chosen[from]!;
    const span = await store.rows(layer, first, chosen[to - 1]! + 1);
    for (let i = from; i < to; i += 1, at += 1) {
      const row = chosen[i]!;
      rows[at] = row;
      x.set(span.subarray((row - first) * dModel, (row - first + 1) * dModel), at * dModel);
    }
  }
  return { x, rows };
}

/** Endless full batches of one layer in random order, with a bounded buffer. The same options give the same batches. */
export async function* shuffled(store: ActivationStore, options: ShuffleOptions): AsyncGenerator<Batch, never> {
  const { layer, seed, batch, block = 256, buffer = 65_536 } = options;
  const { dModel } = store.meta;
  const chosen = options.rows ?? sequence(store.meta.tokens);
  if (chosen.length === 0)
    throw new ParallaxError('activation store: no token is left by the mask', 'choose another mask or more samples');
  let skip = options.skip ?? 0;
  let x = new Float32Array(batch * dModel);
  let rows = new Uint32Array(batch);
  let filled = 0;
  for (let epoch = Math.floor(skip / chosen.length); ; epoch += 1) {
    skip %= chosen.length;
    for (const window of windows(chosen.length, seed, epoch, block, buffer)) {
      if (skip >= window.rows) {
        skip -= window.rows;
        continue;
      }
      const held = await load(store, layer, chosen, window);
      for (const i of window.order().subarray(skip)) {
        x.set(held.x.subarray(i * dModel, (i + 1) * dModel), filled * dModel);
        rows[filled] = held.rows[i]!;
        filled += 1;
        if (filled < batch) continue;
        yield { x, rows };
        x = new Float32Array(batch * dModel);
        rows = new Uint32Array(batch);
        filled = 0;
      }
      skip = 0;
    }
  }
}
