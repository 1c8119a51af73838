import { undefinedFor } from './errors.ts';
import { criticalValue } from './normal.ts';
import type { Interval } from './proportion.ts';

/** Variance of an AUROC whose true value is `theta`, `m` positives and `n` negatives (Hanley and McNeil 1982, with Newcombe's weights). */
function variance(theta: number, m: number, n: number): number {
  const half = (m + n) / 2 - 1;
  return (theta * (1 - theta) * (1 + (half * (1 - theta)) / (2 - theta) + (half * theta) / (1 + theta))) / (m * n);
}

/**
 * Score interval of an AUROC (Newcombe 2006, part 2, method 5): all `theta` with `|auroc - theta| <= z sqrt(V(theta))`.
 * It keeps its width where the AUROC is 0 or 1.
 */
export function aurocInterval(auroc: number, positives: number, negatives: number, confidence: number): Interval {
  if (!(auroc >= 0 && auroc <= 1)) throw undefinedFor('AUROC interval', 'auroc', `must lie in 0..1, is ${auroc}`);
  if (!(positives > 0 && negatives > 0))
    throw undefinedFor('AUROC interval', 'positives, negatives', 'must be at least 1');
  const z = criticalValue(confidence);
  const inside = (theta: number) => Math.abs(auroc - theta) <= z * Math.sqrt(variance(theta, positives, negatives));
  const edge = (outer: number): number => {
    if (inside(outer)) return outer;
    let [out, within] = [outer, auroc];
    for (let i = 0; i < 60; i += 1) {
      const middle = (out + within) / 2;
      if (inside(middle)) within = middle;
      else out = middle;
    }
    return within;
  };
  return { low: auroc === 0 ? 0 : edge(0), high: auroc === 1 ? 1 : edge(1) };
}
