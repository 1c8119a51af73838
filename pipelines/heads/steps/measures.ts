import { smallestSets } from '#pipelines/diff/statistics/index.ts';
import type { StepRow } from '#release/schema/index.ts';
import { type Intervals, meanEstimate, meanOfDraws, paired } from '../estimate.ts';

/** Value at a percentile of ascending values, interpolated (NumPy's `linear`). */
function percentile(sorted: Float64Array, q: number): number {
  const at = ((sorted.length - 1) * q) / 100;
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)]! - sorted[low]!);
}

/** Cosine of each pair of rows `[n, d]`; 0 where either is zero. */
export function rowCosines(a: Float32Array, b: Float32Array, d: number): Float64Array {
  return Float64Array.from({ length: a.length / d }, (_, i) => {
    let [dot, aa, bb] = [0, 0, 0];
    for (let j = i * d; j < (i + 1) * d; j += 1) {
      dot += a[j]! * b[j]!;
      aa += a[j]! ** 2;
      bb += b[j]! ** 2;
    }
    return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
  });
}

/** Rotation of a layer's features: their mean cosine, its interval over features, and percentiles. */
export function rotationOf(cosines: Float64Array, intervals: Intervals): StepRow['layers'][number]['rotation'] {
  const sorted = cosines.slice().sort();
  const [p10, p50, p90] = [10, 50, 90].map((q) => percentile(sorted, q)) as [number, number, number];
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
  const means = mass.map((head) => Array.from(head).reduce((a, b) => a + b, 0) / head.length);
  const [heads_50, heads_80] = smallestSets(means, [0.5, 0.8]) as unknown as [number, number];
  return { mass: meanEstimate(meanOfDraws(mass), intervals), heads_50, heads_80, heads: mass.length };
}
