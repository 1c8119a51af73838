import { random } from '#pipelines/data/random.ts';
import type { Estimate } from '#release/schema/estimate.ts';

export interface Interval {
  readonly rounds: number;
  readonly confidence: number;
  readonly seed: number;
}

/** Percentile `q` in 0..100 of sorted values, interpolated as NumPy's `linear`. */
function percentile(sorted: Float64Array, q: number): number {
  const at = ((sorted.length - 1) * q) / 100;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

/**
 * A statistic of sums over samples, with its percentile interval from resampling whole samples: tokens of one sample are not
 * independent. `sums` holds one array a quantity, one entry a sample; samples without a token of the group are left out by `present`.
 */
export function estimate(
  sums: readonly Float64Array[],
  present: Float64Array,
  statistic: (...totals: number[]) => number,
  { rounds, confidence, seed }: Interval,
): Estimate {
  const members = [...present.keys()].filter((s) => present[s]! > 0);
  const totals = (chosen: readonly number[]) => sums.map((sum) => chosen.reduce((total, s) => total + sum[s]!, 0));
  const value = statistic(...totals(members));
  if (members.length < 2) return { value, low: null, high: null, n: members.length };
  const source = random(seed, 'bootstrap');
  const draws = Float64Array.from({ length: rounds }, () =>
    statistic(...totals(members.map(() => members[source.int(0, members.length - 1)]!))),
  )
    .filter(Number.isFinite)
    .sort();
  if (draws.length === 0) return { value, low: null, high: null, n: members.length };
  const edge = 50 * (1 - confidence);
  return { value, low: percentile(draws, edge), high: percentile(draws, 100 - edge), n: members.length };
}
