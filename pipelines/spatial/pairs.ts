import type { Random } from '#pipelines/data/random.ts';
import type { Truth } from '#pipelines/data/sample.ts';
import { mean, percentileInterval, replicates, resamples, sumOfSquares } from '#pipelines/diff/statistics/index.ts';
import type { Controlled } from '#release/schema/estimate.ts';
import { relationContrasts } from './contrasts.ts';

/** Which of the two pictures of each pair has the relation: +1 the first, -1 the mirrored one, 0 where the pair says nothing. */
export interface PairContrast {
  readonly name: string;
  readonly sign: readonly (-1 | 0 | 1)[];
}

/** Pairs of the same words over a scene and its mirror: the answer yes or no, and every axis of relations. */
export function pairContrasts(
  first: readonly (Truth | undefined)[],
  mirrored: readonly (Truth | undefined)[],
): PairContrast[] {
  const signOf = (a: 0 | 1 | null | undefined, b: 0 | 1 | null | undefined): -1 | 0 | 1 =>
    a === 1 && b === 0 ? 1 : a === 0 && b === 1 ? -1 : 0;
  const asked = (t: Truth | undefined) => (t?.holds === undefined ? null : t.holds ? 1 : 0);
  const both = relationContrasts([...first, ...mirrored]);
  return [
    { name: 'yes / no', sign: first.map((t, i) => signOf(asked(t), asked(mirrored[i]))) },
    ...both.map(({ name, inverse, labels }) => ({
      name: `${name} / ${inverse}`,
      sign: first.map((_, i) => signOf(labels[i], labels[first.length + i])),
    })),
  ];
}

const FEWEST = 5;

/** Differences `f(has it) - f(has it not)` over the pairs of one half. */
function differences(
  { sign }: PairContrast,
  first: ArrayLike<number>,
  mirrored: ArrayLike<number>,
  inHalf: (s: number) => boolean,
): Float64Array {
  const out: number[] = [];
  sign.forEach((s, i) => {
    if (s !== 0 && inHalf(i)) out.push(s * (first[i]! - mirrored[i]!));
  });
  return Float64Array.from(out);
}

/** Student's t of a mean against 0; 0 where nothing varies. */
function studentT(x: Float64Array): number {
  const squares = sumOfSquares(x);
  return squares === 0 ? 0 : mean(x) / Math.sqrt(squares / (x.length * (x.length - 1)));
}

/**
 * Mean paired change of a feature between a scene and its mirror under the same words, on the held-out half. The selecting
 * half picks the contrast with the largest t, and its direction. Interval: bootstrap over pairs. Control: the same mean with
 * the signs of the pairs drawn at random. Null where too few pairs tell a contrast.
 */
export function minimalPair(
  contrasts: readonly PairContrast[],
  first: ArrayLike<number>,
  mirrored: ArrayLike<number>,
  half: ArrayLike<number>,
  options: { readonly rounds: number; readonly confidence: number; readonly random: Random },
): Controlled | null {
  const { rounds, confidence, random } = options;
  const candidates = contrasts
    .map((contrast) => ({
      contrast,
      select: differences(contrast, first, mirrored, (i) => half[i] === 0),
      heldout: differences(contrast, first, mirrored, (i) => half[i] === 1),
    }))
    .filter(({ select, heldout }) => select.length >= FEWEST && heldout.length >= FEWEST)
    .map((candidate) => ({ ...candidate, t: studentT(candidate.select) }));
  if (candidates.length === 0) return null;
  const best = candidates.reduce((a, b) => (Math.abs(b.t) > Math.abs(a.t) ? b : a));
  const changes = best.t < 0 ? best.heldout.map((x) => -x) : best.heldout;
  const n = changes.length;
  const boot = replicates(changes, resamples(random, rounds, n), rounds, 'mean');
  const permuted = Float64Array.from({ length: rounds }, () => mean(changes.map((x) => (random.chance(0.5) ? x : -x))));
  return {
    value: mean(changes),
    ...percentileInterval(boot, confidence),
    n,
    control: {
      kind: `${best.contrast.name}, signs permuted`,
      value: mean(permuted),
      ...percentileInterval(permuted, confidence),
      n,
    },
    difference: {
      value: mean(changes) - mean(permuted),
      ...percentileInterval(
        boot.map((x, r) => x - permuted[r]!),
        confidence,
      ),
      n,
    },
  };
}
