import { benjaminiHochberg, mirrorQ } from './statistics/index.ts';

/** Arrays over the features of all layers, layer by layer; null where a run has not that stage. */
export type ArrayOf = (name: string) => Float64Array | null;

/**
 * Two seeds of stage F: noise of adaptation turns each its own way, so the cosine between their turns is symmetric about 0; a
 * cause turns both alike. q by the mirror statistic.
 */
function betweenSeeds(of: ArrayOf, ids: readonly number[]): Float64Array | null {
  const shared = of('shared_turn');
  return shared && mirrorQ(ids.map((i) => shared[i]!));
}

/**
 * Without a second seed, the text-only control tells what adaptation does: the p of a feature is the share of living features
 * whose rotation in the control is as large, q by Benjamini-Hochberg.
 */
function againstControl(of: ArrayOf, ids: readonly number[]): Float64Array | null {
  const control = of('procrustes.S.C');
  const observed = of('procrustes.S.F');
  if (!control || !observed) return null;
  const sorted = Float64Array.from(ids, (i) => control[i]!).sort();
  return benjaminiHochberg(ids.map((i) => (1 + countUpTo(sorted, observed[i]!)) / (1 + ids.length)));
}

/**
 * q of every feature's rotation being no more than the noise of adapting a dictionary, 1 for the dead; null where a run has no
 * control that could tell.
 */
export function rotationQ(of: ArrayOf, dead: ArrayLike<number>): Float64Array | null {
  const ids = Array.from(dead, (_, i) => i).filter((i) => !dead[i]);
  const found = betweenSeeds(of, ids) ?? againstControl(of, ids);
  if (!found) return null;
  const q = new Float64Array(dead.length).fill(1);
  for (const [k, i] of ids.entries()) q[i] = found[k]!;
  return q;
}

/** Number of ascending values at or below `x`. */
function countUpTo(sorted: Float64Array, x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
