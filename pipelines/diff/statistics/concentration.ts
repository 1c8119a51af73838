import { requireFinite, undefinedFor } from './errors.ts';

/** Slack of "reaches the fraction", in units of the total. */
const SLACK = 1e-12;

/** Fewest effects, largest absolute first, whose sum reaches each fraction of the total absolute effect. */
export function smallestSets(effects: ArrayLike<number>, fractions: readonly number[]): Int32Array {
  const sizes = absolute('concentration', effects).sort().reverse();
  const total = sum(sizes);
  if (total === 0) throw undefinedFor('concentration', 'effects', 'are all 0');
  return Int32Array.from(fractions, (fraction) => {
    if (!(fraction >= 0 && fraction <= 1))
      throw undefinedFor('concentration', 'fractions', `must lie in 0..1, not ${fraction}`);
    let count = 0;
    for (let reached = 0; reached < (fraction - SLACK) * total && count < sizes.length; count += 1)
      reached += sizes[count]!;
    return count;
  });
}

/** Gini coefficient of the absolute effects: `sum_j (2j - n - 1) x_j / (n sum x)`, `x` ascending, `j` from 1. */
export function gini(effects: ArrayLike<number>): number {
  const x = absolute('Gini', effects).sort();
  const total = sum(x);
  if (total === 0) throw undefinedFor('Gini', 'effects', 'are all 0');
  let weighted = 0;
  for (let j = 0; j < x.length; j += 1) weighted += (2 * (j + 1) - x.length - 1) * x[j]!;
  return weighted / (x.length * total);
}

function absolute(statistic: string, effects: ArrayLike<number>): Float64Array {
  requireFinite(statistic, 'effects', effects);
  return Float64Array.from(effects, Math.abs);
}

function sum(x: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < x.length; i += 1) total += x[i]!;
  return total;
}

/**
 * Shannon entropy in nats of weights over their sum, and the same over `ln n` (0 for a single weight).
 * @throws StatisticsError where a weight is negative or all are 0
 */
export function entropy(weights: ArrayLike<number>): { readonly entropy: number; readonly normalised: number } {
  requireFinite('entropy', 'weights', weights);
  for (let i = 0; i < weights.length; i += 1)
    if (weights[i]! < 0) throw undefinedFor('entropy', `weights[${i}]`, `is negative: ${weights[i]}`);
  const total = sum(weights);
  if (total === 0) throw undefinedFor('entropy', 'weights', 'are all 0');
  let h = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const p = weights[i]! / total;
    if (p > 0) h -= p * Math.log(p);
  }
  return { entropy: h, normalised: weights.length === 1 ? 0 : h / Math.log(weights.length) };
}
