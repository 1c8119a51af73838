import { benjaminiHochberg } from './statistics/index.ts';

/** Rotations of one kind over all features of all layers, as cosines; dead features take no part. */
export interface NoiseTest {
  /** Cosines of S with F, and with F of another seed where run; a common rotation of all features removed. */
  readonly observed: readonly ArrayLike<number>[];
  /** Cosines that adaptation alone gives: F with F of another seed, or S with the text-only control. */
  readonly noise: ArrayLike<number>;
  readonly alive: (i: number) => boolean;
}

/**
 * Which features rotate more than adaptation noise does. Each observed cosine gets an empirical p against the noise cosines of
 * all living features, `(1 + #{noise <= observed}) / (1 + m)`; a feature's p is the largest of its seeds'; q by
 * Benjamini-Hochberg over the living features (1 for the dead). F and F2 differ by the noise of two adaptations where S and F
 * differ by that of one, so the test errs towards finding nothing.
 */
export function rotationBeyondNoise({ observed, noise, alive }: NoiseTest): Float64Array {
  const ids = Array.from({ length: noise.length }, (_, i) => i).filter(alive);
  const sorted = Float64Array.from(ids, (i) => noise[i]!).sort();
  const p = ids.map((i) =>
    Math.max(...observed.map((cosines) => (1 + countUpTo(sorted, cosines[i]!)) / (1 + ids.length))),
  );
  const adjusted = benjaminiHochberg(p);
  const q = new Float64Array(noise.length).fill(1);
  for (const [k, i] of ids.entries()) q[i] = adjusted[k]!;
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
