import type { Random } from '#pipelines/data/random.ts';
import type { Estimate } from '#release/schema/estimate.ts';
import { bootstrap, resamples } from '../statistics/index.ts';

/** How intervals of the related analyses are made: percentile bootstrap. */
export interface Bootstrap {
  readonly random: Random;
  readonly rounds: number;
  readonly confidence: number;
}

/** Mean with its bootstrap interval. */
export function meanOf(x: ArrayLike<number>, options: Bootstrap): Estimate {
  const { point, low, high } = bootstrap(drawn(x, options), undefined, { ...options, statistic: 'mean' });
  return { value: point, low, high, n: x.length };
}

/** Mean of one sample less that of another, each resampled by itself. */
export function differenceOf(x: ArrayLike<number>, y: ArrayLike<number>, options: Bootstrap): Estimate {
  const { point, low, high } = bootstrap(drawn(x, options), drawn(y, options), { ...options, statistic: 'mean' });
  return { value: point, low, high, n: x.length + y.length };
}

const drawn = (x: ArrayLike<number>, { random, rounds }: Bootstrap) => ({
  x,
  index: resamples(random, rounds, x.length),
});
