import { undefinedFor } from './errors.ts';

const SQRT_2PI = Math.sqrt(2 * Math.PI);
const density = (z: number): number => Math.exp(-0.5 * z * z) / SQRT_2PI;

/** Upper tail of the standard normal for `z >= 0`: Taylor series near 0, Mills-ratio continued fraction beyond. */
function upperTail(z: number): number {
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let k = 1; term > sum * 1e-18; k += 1) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density(z) * sum;
  }
  let fraction = z;
  for (let k = 200; k >= 1; k -= 1) fraction = z + k / fraction;
  return density(z) / fraction;
}

/**
 * Quantile of the standard normal distribution, `p` in (0,1), to about 1e-15.
 * Newton's method on the upper tail from 0, where its convexity makes every step fall short of the root.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw undefinedFor('normal quantile', 'p', `must lie between 0 and 1, is ${p}`);
  const tail = Math.min(p, 1 - p);
  let z = 0;
  for (let i = 0; i < 200; i += 1) {
    const step = (upperTail(z) - tail) / density(z);
    z += step;
    if (Math.abs(step) <= 1e-16 * Math.max(1, z)) break;
  }
  return p < 0.5 ? -z : z;
}

/** The two-sided critical value of a confidence level, 1.96 for 0.95. */
export function criticalValue(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw undefinedFor('interval', 'confidence', `must lie between 0 and 1, is ${confidence}`);
  return normalQuantile(0.5 + confidence / 2);
}
