import { undefinedFor } from './errors.ts';
import { criticalValue } from './normal.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval of `k` successes in `n`, no continuity correction (Wilson 1927). */
export function wilson(k: number, n: number, confidence: number): Interval {
  if (!(Number.isFinite(n) && n > 0)) throw undefinedFor('Wilson', 'n', `must be at least 1, is ${n}`);
  if (!(k >= 0 && k <= n)) throw undefinedFor('Wilson', 'k', `must lie in 0..${n}, is ${k}`);
  const z = criticalValue(confidence);
  const p = k / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return { low: k === 0 ? 0 : centre - half, high: k === n ? 1 : centre + half };
}

/** Newcombe's hybrid score interval of `p1 - p2` (Newcombe 1998, method 10). */
export function newcombe(
  k1: number,
  n1: number,
  k2: number,
  n2: number,
  confidence: number,
): Interval & { readonly difference: number } {
  const first = wilson(k1, n1, confidence);
  const second = wilson(k2, n2, confidence);
  const p1 = k1 / n1;
  const p2 = k2 / n2;
  return {
    difference: p1 - p2,
    low: p1 - p2 - Math.hypot(p1 - first.low, second.high - p2),
    high: p1 - p2 + Math.hypot(first.high - p1, p2 - second.low),
  };
}
