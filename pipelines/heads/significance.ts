import { random } from '#pipelines/data/random.ts';
import { benjaminiHochberg, signFlip } from '#pipelines/diff/statistics/index.ts';
import type { Estimate } from '#release/schema/index.ts';
import { type Intervals, meanEstimate, paired } from './estimate.ts';
import { sharesOf } from './ranking.ts';
import type { TracedFeature } from './read-trace.ts';

/** False-discovery rate at which a head counts as found. */
export const FDR = 0.05;

/** Draws of signs where all of them are too many. */
const FLIPS = 9999;

/** How much more of the spatial features' effects than of their controls' a head carries, and whether that could be luck. */
export interface HeadTest {
  /** Mean over pairs of features, interval over pairs. */
  readonly difference: Estimate;
  /** Benjamini-Hochberg over all heads of a one-sided sign-flip test over pairs. */
  readonly q: number;
}

/** Spatial features, each with its control: the k-th of a layer with the k-th random one of that layer (`chooseTargets`). */
export function pairTargets(features: readonly TracedFeature[]): [TracedFeature, TracedFeature][] {
  const of = (kind: TracedFeature['kind'], layer: number) =>
    features.filter((f) => f.kind === kind && f.layer === layer);
  return [...new Set(features.map((f) => f.layer))].flatMap((layer) => {
    const controls = of('random', layer);
    return of('spatial', layer)
      .slice(0, controls.length)
      .map((feature, k): [TracedFeature, TracedFeature] => [feature, controls[k]!]);
  });
}

/**
 * Tests every head (index = layer * heads + head) against the controls of the spatial features: under the null a feature and its
 * control, of one layer and alike in firing, are exchangeable. Null where there are no pairs.
 */
export function testHeads(features: readonly TracedFeature[], width: number, intervals: Intervals): HeadTest[] | null {
  const pairs = pairTargets(features).map(([a, b]) => paired(sharesOf(a, width), sharesOf(b, width)));
  if (pairs.length === 0) return null;
  const heads = Array.from({ length: width }, (_, h) => pairs.map((difference) => difference[h]!));
  const q = qOf(heads, 'greater', intervals.seed);
  return heads.map((x, h) => ({ difference: meanEstimate(x, intervals), q: q[h]! }));
}

/** q of each list of paired differences: sign-flip tests, Benjamini-Hochberg over the lists. */
export function qOf(
  lists: readonly ArrayLike<number>[],
  alternative: Parameters<typeof signFlip>[1]['alternative'],
  seed: number,
): Float64Array {
  return benjaminiHochberg(
    lists.map((x, k) => signFlip(x, { alternative, rounds: FLIPS, random: random(seed, 'heads/sign-flip', k) })),
  );
}
