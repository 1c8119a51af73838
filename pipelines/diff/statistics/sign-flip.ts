import type { Random } from '#pipelines/data/random.ts';
import { undefinedFor } from './errors.ts';

/** `greater`: the mean lies above 0; `two-sided`: it differs from 0. */
export type Alternative = 'greater' | 'two-sided';

/** Differences of sums closer than this share of the sum of sizes count as equal. */
const TIE = 1e-12;
/** Signs taken from one drawn integer. */
const BITS = 32;

/**
 * Sign-flip test of paired differences (Fisher's randomisation test; SciPy's `permutation_test`, type `samples`): how often the mean is
 * as far out as the observed one when every difference is as likely to have the other sign. Exact over all `2^n` signs where
 * there are no more than `rounds`, else `(1 + hits) / (1 + rounds)` of signs drawn at random. 1 for no differences.
 */
export function signFlip(
  x: ArrayLike<number>,
  options: { readonly alternative: Alternative; readonly rounds: number; readonly random: Random },
): number {
  const { alternative, rounds, random } = options;
  const n = x.length;
  const values = Float64Array.from(x);
  if (!values.every(Number.isFinite)) throw undefinedFor('sign flip', 'x', 'is not finite');
  const observed = values.reduce((a, b) => a + b, 0);
  const slack = TIE * values.reduce((a, b) => a + Math.abs(b), 0);
  const far =
    alternative === 'greater'
      ? (sum: number) => sum >= observed - slack
      : (sum: number) => Math.abs(sum) >= Math.abs(observed) - slack;
  const exact = n < BITS && 2 ** n <= rounds;
  const draws = exact ? 2 ** n : rounds;
  let hits = 0;
  for (let r = 0; r < draws; r += 1) {
    let sum = 0;
    let signs = r;
    for (let i = 0; i < n; i += 1) {
      if (!exact && i % BITS === 0) signs = random.bits();
      sum += (signs >>> (i % BITS)) & 1 ? values[i]! : -values[i]!;
    }
    if (far(sum)) hits += 1;
  }
  return exact ? hits / draws : (1 + hits) / (1 + draws);
}
