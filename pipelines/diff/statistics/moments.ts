import { requireFinite, undefinedFor } from './errors.ts';

/** Arithmetic mean. */
export function mean(x: ArrayLike<number>): number {
  if (x.length === 0) throw undefinedFor('mean', 'x', 'is empty');
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += x[i]!;
  return sum / x.length;
}

/** Sum of squared deviations from the mean. */
export function sumOfSquares(x: ArrayLike<number>): number {
  const m = mean(x);
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += (x[i]! - m) ** 2;
  return sum;
}

/** Standard deviation with divisor `n` (population). */
export const populationDeviation = (x: ArrayLike<number>): number => Math.sqrt(sumOfSquares(x) / x.length);

/**
 * Cohen's d: difference of means over the pooled standard deviation (sample variances).
 * @throws StatisticsError where the pooled deviation is 0 or undefined
 */
export function cohensD(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requireFinite("Cohen's d", 'x', x);
  requireFinite("Cohen's d", 'y', y);
  if (x.length < 2 || y.length < 2) throw undefinedFor("Cohen's d", 'x and y', 'need two values each');
  const pooled = Math.sqrt((sumOfSquares(x) + sumOfSquares(y)) / (x.length + y.length - 2));
  if (!(pooled > 0)) throw undefinedFor("Cohen's d", 'x and y', 'do not vary: the pooled deviation is 0');
  return (mean(x) - mean(y)) / pooled;
}
