import type { BenchRow } from '#graph/bench/time.ts';
import { plantWorld, WORLD } from '#pipelines/diff/planted/world.ts';
import { mean, percentiles, precisionRecall } from '#pipelines/diff/statistics/index.ts';
import { type RecoverOptions, recover } from '#pipelines/spatial/planted.ts';
import { plantedHeadRank } from './planted.ts';

/** Worlds that no threshold was chosen on: the tests use others. */
const SEEDS = Array.from({ length: 10 }, (_, k) => 100 + k);
/** Misses that are allowed: precision and recall of 0.95. */
const MISSES = 0.05;

/** Interquartile range over the median; the range itself where the median is 0. */
function spreadOf(figures: readonly number[]): number {
  const [q25, q50, q75] = percentiles(figures, [25, 50, 75]) as unknown as [number, number, number];
  return q50 === 0 ? q75 - q25 : (q75 - q25) / q50;
}

const row = (name: string, unit: string, figures: readonly number[], goal: Pick<BenchRow, 'limit' | 'ratio'>) => ({
  name: `planted.${name}`,
  figure: mean(figures),
  unit,
  ...goal,
  n: figures.length,
  spread: spreadOf(figures),
});

/**
 * Planted worlds with known answers: how much of what is planted the analysis of a run finds, how many decoys it takes for spatial,
 * and the place of the planted head. A figure is the mean over the worlds; `ratio` is the share missed, the decoys or the worst place.
 */
export async function* benchPlanted(
  optionsOf: (seed: number, layers: number) => RecoverOptions,
): AsyncIterable<BenchRow> {
  const found = { rotated: [], spatial: [] } as Record<'rotated' | 'spatial', ReturnType<typeof precisionRecall>[]>;
  const decoys: number[] = [];
  const ranks = { estimate: [] as number[], exact: [] as number[] };
  for (const seed of SEEDS) {
    const { world, truth } = plantWorld({ seed });
    const recovered = await recover(world, optionsOf(seed, WORLD.layers));
    for (const set of ['rotated', 'spatial'] as const) found[set].push(precisionRecall(recovered[set], truth[set]));
    decoys.push(recovered.spatial.reduce((sum, is, i) => sum + (is && truth.decoys[i] ? 1 : 0), 0));
    const rank = await plantedHeadRank(seed);
    ranks.estimate.push(rank.estimate);
    ranks.exact.push(rank.exact);
  }
  for (const set of ['rotated', 'spatial'] as const)
    for (const measure of ['precision', 'recall'] as const) {
      const figures = found[set].map((score) => score[measure]);
      yield row(`${set}.${measure}`, 'share', figures, { limit: MISSES, ratio: 1 - mean(figures) });
    }
  yield row('decoys called spatial', 'features', decoys, { limit: 0, ratio: Math.max(...decoys) });
  yield row('head by estimate', 'place', ranks.estimate, { limit: 1, ratio: Math.max(...ranks.estimate) });
  yield row('head by exact patching', 'place', ranks.exact, { limit: 1, ratio: Math.max(...ranks.exact) });
}
