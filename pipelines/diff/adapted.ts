import { jaccard, percentile } from './statistics/index.ts';

/** Mask of the features of all layers, 0/1. */
export type Mask = Uint8Array;

/** A cosine of every feature and the percentile at or below which it counts as rotated. */
export const rotationThreshold = (cosines: ArrayLike<number>, q: number): number => percentile(cosines, q);

/**
 * The paper's rule: `E_v > eps` and rotation cosine at or below the threshold.
 * @param beyond features that may be adapted at all, where a control tells
 */
export const adaptedMask = (
  energy: ArrayLike<number>,
  cosines: ArrayLike<number>,
  eps: number,
  threshold: number,
  beyond?: Mask,
): Mask => Uint8Array.from(energy, (e, i) => (e > eps && cosines[i]! <= threshold && beyond?.[i] !== 0 ? 1 : 0));

/** Adapted, and the interval of the vision preference lies above 0.5. */
export const strictMask = (adapted: Mask, preferenceLow: ArrayLike<number>): Mask =>
  adapted.map((a, i) => (a && preferenceLow[i]! > 0.5 ? 1 : 0));

/** Both path cosines (D->F and M->F) below the limit: neither the data alone nor the model alone explains the turn. */
export const suspectMask = (cosDF: ArrayLike<number>, cosMF: ArrayLike<number>, below: number): Mask =>
  Uint8Array.from(cosDF, (c, i) => (c < below && cosMF[i]! < below ? 1 : 0));

/** Rotated in both seeds: at or below its own percentile of `cos(S,F)` and of `cos(S,F2)`. */
export function sharedMask(cosSF: ArrayLike<number>, cosSF2: ArrayLike<number>, q: number): Mask {
  const first = rotationThreshold(cosSF, q);
  const second = rotationThreshold(cosSF2, q);
  return Uint8Array.from(cosSF, (c, i) => (c <= first && cosSF2[i]! <= second ? 1 : 0));
}

/** Ids of a mask's members. */
export const members = (mask: ArrayLike<number>): Uint32Array =>
  Uint32Array.from(Array.from(mask, (m, i) => (m ? i : -1)).filter((i) => i >= 0));

export interface Grid {
  /** `[eps][percentile]`: size of the adapted set. */
  readonly count: number[][];
  /** Its Jaccard index with the set under the run's own rule. */
  readonly jaccard: number[][];
}

/** How the adapted set depends on its two thresholds, percentiles taken again over all layers. */
export function sensitivityGrid(
  energy: ArrayLike<number>,
  cosines: ArrayLike<number>,
  grid: { readonly eps: readonly number[]; readonly percentiles: readonly number[] },
  adapted: Mask,
  beyond?: Mask,
): Grid {
  const own = members(adapted);
  const sets = grid.eps.map((eps) =>
    grid.percentiles.map((q) => members(adaptedMask(energy, cosines, eps, rotationThreshold(cosines, q), beyond))),
  );
  return {
    count: sets.map((row) => row.map((set) => set.length)),
    jaccard: sets.map((row) => row.map((set) => jaccard(set, own))),
  };
}
