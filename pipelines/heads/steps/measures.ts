import { mean, percentiles, smallestSets } from '#pipelines/diff/statistics/index.ts';
import type { StepRow } from '#release/schema/index.ts';
import { type Intervals, meanEstimate, meanOfDraws, paired } from '../estimate.ts';

/** Rotation of a layer's features: their mean cosine, its interval over features, and percentiles. */
export function rotationOf(cosines: Float64Array, intervals: Intervals): StepRow['layers'][number]['rotation'] {
  const [p10, p50, p90] = percentiles(cosines, [10, 50, 90]) as unknown as [number, number, number];
  return { mean: meanEstimate(cosines, intervals), p10, p50, p90 };
}

/**
 * Mean over features of the share of pictures that a feature fires on under the one family less that under the other; `fired` holds
 * 0 or 1 by feature and picture. Null without features.
 */
export function effectOf(
  spatial: readonly ArrayLike<number>[],
  matched: readonly ArrayLike<number>[],
  intervals: Intervals,
): StepRow['layers'][number]['spatial_effect'] {
  if (spatial.length === 0) return null;
  return meanEstimate(paired(meanOfDraws(spatial), meanOfDraws(matched)), intervals);
}

/** Attention on the picture, `mass[head][sample]` over the heads of all layers. */
export function attentionOf(mass: readonly ArrayLike<number>[], intervals: Intervals): StepRow['attention'] {
  const means = mass.map(mean);
  const [heads_50, heads_80] = smallestSets(means, [0.5, 0.8]) as unknown as [number, number];
  return { mass: meanEstimate(meanOfDraws(mass), intervals), heads_50, heads_80, heads: mass.length };
}
