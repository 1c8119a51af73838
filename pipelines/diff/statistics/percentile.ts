import { requireFinite, undefinedFor } from './errors.ts';

/** Percentile of ascending values, `linear` interpolation: position `(N-1) q / 100`. */
export function sortedPercentile(sorted: ArrayLike<number>, q: number): number {
  const position = ((sorted.length - 1) * q) / 100;
  const below = Math.floor(position);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const t = position - below;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** An ascending copy in double precision. */
export const ascending = (x: ArrayLike<number>): Float64Array => Float64Array.from(x).sort();

/** Percentiles of `x` at each `q` in 0..100, as NumPy's `linear`. */
export function percentiles(x: ArrayLike<number>, qs: readonly number[]): Float64Array {
  if (x.length === 0) throw undefinedFor('percentile', 'x', 'is empty');
  requireFinite('percentile', 'x', x);
  for (const q of qs) if (!(q >= 0 && q <= 100)) throw undefinedFor('percentile', 'q', `must lie in 0..100, is ${q}`);
  const sorted = ascending(x);
  return Float64Array.from(qs, (q) => sortedPercentile(sorted, q));
}

/** One percentile of `x`. */
export const percentile = (x: ArrayLike<number>, q: number): number => percentiles(x, [q])[0]!;

/** Median. */
export const median = (x: ArrayLike<number>): number => percentile(x, 50);
