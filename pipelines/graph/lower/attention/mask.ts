import type { Tape } from '../../grad/tape.ts';
import type { Dim } from '../../onnx/build.ts';

/** What some kernels add to a masked score: the least float32, so that a row of masked keys stays finite. */
export const LOWEST = -3.4028234663852886e38;

/** `[0, 1, ..., n-1]` as int64, `n` a dimension. */
export function range(tape: Tape, n: Dim): string {
  const scalar = (v: string) => tape.pure('Squeeze', [v, tape.ints([0])]);
  return tape.pure('Range', [scalar(tape.ints([0])), scalar(tape.dims([n])), scalar(tape.ints([1]))]);
}

/** 0 where `allowed`, else `masked`; in the element type of `like`. Made once for all layers that share it. */
export const additive = (tape: Tape, allowed: string, like: string, masked = Number.NEGATIVE_INFINITY): string =>
  tape.pure('Where', [allowed, tape.scalar(0, like), tape.scalar(masked, like)]);

const unsqueeze = (tape: Tape, x: string, ...axes: number[]) => tape.pure('Unsqueeze', [x, tape.ints(axes)]);

export interface Positions {
  /** Position of each query, `[batch or 1, query]`, int64. */
  readonly query: string;
  /** Position of each key, `[batch or 1, key]`, int64. */
  readonly key: string;
}

/** Keys that a query may see, `[batch or 1, 1, query, key]` bool: none after itself, none before its window. */
export function causal(tape: Tape, { query, key }: Positions, window?: number): string {
  const [q, k] = [unsqueeze(tape, query, 1, 3), unsqueeze(tape, key, 1, 2)];
  const past = tape.pure('LessOrEqual', [k, q]);
  if (window === undefined) return past;
  const first = tape.pure('Sub', [q, tape.ints([window])]);
  return tape.pure('And', [past, tape.pure('Greater', [k, first])]);
}
