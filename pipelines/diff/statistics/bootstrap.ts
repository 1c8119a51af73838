import type { Random } from '#pipelines/data/random.ts';
import { undefinedFor } from './errors.ts';
import { mean } from './moments.ts';
import { ascending, median, sortedPercentile } from './percentile.ts';
import type { Interval } from './proportion.ts';

export const BOOTSTRAP_STATISTICS = { mean, median } as const;
export type BootstrapStatistic = keyof typeof BOOTSTRAP_STATISTICS;

/** Percentile interval of replicates: the percentiles `50(1-c)` and `50(1+c)`. */
export function percentileInterval(replicates: ArrayLike<number>, confidence: number): Interval {
  if (!(confidence > 0 && confidence < 1))
    throw undefinedFor('interval', 'confidence', `must lie between 0 and 1, is ${confidence}`);
  if (replicates.length === 0) throw undefinedFor('interval', 'replicates', 'are none');
  const sorted = ascending(replicates);
  return {
    low: sortedPercentile(sorted, 50 * (1 - confidence)),
    high: sortedPercentile(sorted, 50 * (1 + confidence)),
  };
}

/** Draws with replacement: `[rounds, n]` indices below `n`. */
export const resamples = (random: Random, rounds: number, n: number): Int32Array =>
  Int32Array.from({ length: rounds * n }, () => random.int(0, n - 1));

/** The statistic of each resample of `x`; `index [rounds, k]` picks from it. */
export function replicates(
  x: ArrayLike<number>,
  index: ArrayLike<number>,
  rounds: number,
  statistic: BootstrapStatistic,
): Float64Array {
  const k = index.length / rounds;
  if (!Number.isInteger(k) || k === 0)
    throw undefinedFor('bootstrap', 'index', `of ${index.length} has not ${rounds} rows`);
  const drawn = new Float64Array(k);
  return Float64Array.from({ length: rounds }, (_, r) => {
    for (let j = 0; j < k; j += 1) {
      const i = index[r * k + j]!;
      if (!(i >= 0 && i < x.length)) throw undefinedFor('bootstrap', 'index', `${i} is outside 0..${x.length - 1}`);
      drawn[j] = x[i]!;
    }
    return BOOTSTRAP_STATISTICS[statistic](drawn);
  });
}

export interface BootstrapEstimate extends Interval {
  readonly point: number;
}

/** One sample of a bootstrap: its values and the resamples' indices `[rounds, k]`. */
export interface Resampled {
  readonly x: ArrayLike<number>;
  readonly index: ArrayLike<number>;
}

/** Percentile bootstrap of a statistic of `first`, less that of `second` where given (Efron 1979). */
export function bootstrap(
  first: Resampled,
  second: Resampled | undefined,
  options: { readonly rounds: number; readonly statistic: BootstrapStatistic; readonly confidence: number },
): BootstrapEstimate {
  const { rounds, statistic, confidence } = options;
  const s = BOOTSTRAP_STATISTICS[statistic];
  const values = replicates(first.x, first.index, rounds, statistic);
  if (second) {
    const other = replicates(second.x, second.index, rounds, statistic);
    for (let r = 0; r < rounds; r += 1) values[r] = values[r]! - other[r]!;
  }
  return { point: s(first.x) - (second ? s(second.x) : 0), ...percentileInterval(values, confidence) };
}

/** How often each of `n` units occurs in each resample: `[rounds, n]` from `index [rounds, k]`. */
export function multiplicities(index: ArrayLike<number>, rounds: number, n: number): Float64Array {
  const k = index.length / rounds;
  const counts = new Float64Array(rounds * n);
  for (let r = 0; r < rounds; r += 1)
    for (let j = 0; j < k; j += 1) {
      const i = index[r * k + j]!;
      if (!(i >= 0 && i < n)) throw undefinedFor('bootstrap', 'index', `${i} is outside 0..${n - 1}`);
      counts[r * n + i]! += 1;
    }
  return counts;
}
