import { random } from '#pipelines/data/random.ts';
import { bootstrap, mean, resamples } from '#pipelines/diff/statistics/index.ts';
import type { Controlled, Estimate } from '#release/schema/index.ts';

/** How intervals of this room are made: percentile bootstrap over samples. */
export interface Intervals {
  readonly rounds: number;
  readonly confidence: number;
  readonly seed: number;
}

const DRAWN = new Map<string, Int32Array>();

/** The resamples of `n` samples, the same for every estimate of a run: drawn once. */
function drawn(seed: number, rounds: number, n: number): Int32Array {
  const key = `${seed} ${rounds} ${n}`;
  const index = DRAWN.get(key) ?? resamples(random(seed, 'heads/bootstrap', n), rounds, n);
  DRAWN.set(key, index);
  return index;
}

/** Mean over samples with its percentile bootstrap interval; no interval for fewer than two samples. */
export function meanEstimate(x: ArrayLike<number>, intervals: Intervals): Estimate {
  const n = x.length;
  if (n === 0) return { value: 0, low: null, high: null, n };
  if (n === 1) return { value: x[0]!, low: null, high: null, n };
  const { rounds, confidence, seed } = intervals;
  const index = drawn(seed, rounds, n);
  const { point, low, high } = bootstrap({ x, index }, undefined, { rounds, statistic: 'mean', confidence });
  return { value: point, low, high, n };
}

/** The same with its control beside it and the paired difference, of the same samples; `kind` says what the control is. */
export function controlled(
  x: ArrayLike<number>,
  control: { readonly kind: string; readonly x: ArrayLike<number> } | null,
  intervals: Intervals,
): Controlled {
  if (!control || control.x.length === 0) return { ...meanEstimate(x, intervals), control: null };
  return {
    ...meanEstimate(x, intervals),
    control: { kind: control.kind, ...meanEstimate(control.x, intervals) },
    difference: meanEstimate(paired(x, control.x), intervals),
  };
}

/** Paired difference `a - b`, sample by sample. */
export const paired = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: a.length }, (_, i) => a[i]! - b[i]!);

/** Mean of several draws of a control, sample by sample. */
export const meanOfDraws = (draws: readonly ArrayLike<number>[]): Float64Array =>
  Float64Array.from({ length: draws[0]?.length ?? 0 }, (_, i) => mean(draws.map((d) => d[i]!)));
