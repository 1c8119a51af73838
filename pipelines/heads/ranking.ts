import { random } from '#pipelines/data/random.ts';
import { multiplicities, percentileInterval, resamples } from '#pipelines/diff/statistics/index.ts';
import type { Estimate } from '#release/schema/index.ts';
import type { Intervals } from './estimate.ts';
import { bestEffects, type TracedFeature, weightedMean } from './read-trace.ts';

/** Adds each head's share of the absolute effect, times `weight`; nothing where there is no effect. */
function addShares(out: Float64Array, effects: Float64Array, weight: number): void {
  const total = effects.reduce((sum, e) => sum + Math.abs(e), 0);
  if (total > 0) for (const [h, e] of effects.entries()) out[h]! += (weight * Math.abs(e)) / total;
}

/** Each head's share of one feature's absolute effect, `[width]`; 0 above the feature's layer. */
export function sharesOf(feature: TracedFeature, width: number): Float64Array {
  const out = new Float64Array(width);
  const { effects, samples } = bestEffects(feature);
  addShares(out, weightedMean(effects, samples, feature.width), 1);
  return out;
}

/**
 * Mean over features of each head's share of the feature's absolute effect (a head above the feature's layer has none), with a
 * bootstrap interval over samples. One estimate a head, index = layer * heads + head; none where there are no features.
 */
export function headShares(features: readonly TracedFeature[], width: number, intervals: Intervals): Estimate[] {
  if (features.length === 0) return [];
  const best = features.map((t) => ({ width: t.width, ...bestEffects(t) }));
  const n = Math.min(...best.map((b) => b.samples));
  const shares = (weights?: Float64Array): Float64Array => {
    const out = new Float64Array(width);
    for (const b of best) addShares(out, weightedMean(b.effects, n, b.width, weights), 1 / best.length);
    return out;
  };
  const { rounds, confidence, seed } = intervals;
  const weights = multiplicities(resamples(random(seed, 'heads/ranking'), rounds, n), rounds, n);
  const drawn = Array.from({ length: rounds }, (_, r) => shares(weights.subarray(r * n, (r + 1) * n)));
  return Array.from(shares(), (value, h) => ({
    value,
    ...percentileInterval(
      drawn.map((d) => d[h]!),
      confidence,
    ),
    n,
  }));
}
