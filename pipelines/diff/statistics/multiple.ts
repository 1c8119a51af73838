import { undefinedFor } from './errors.ts';

/**
 * Benjamini-Hochberg adjusted p-values: `q_(i) = min over j >= i of p_(j) m / j`, at most 1, in the order given.
 * @throws StatisticsError where a p lies outside 0..1
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const m = p.length;
  for (let i = 0; i < m; i += 1)
    if (!(p[i]! >= 0 && p[i]! <= 1)) throw undefinedFor('Benjamini-Hochberg', `p[${i}]`, `lies outside 0..1: ${p[i]}`);
  const order = Uint32Array.from({ length: m }, (_, i) => i).sort((x, y) => p[x]! - p[y]!);
  const q = new Float64Array(m);
  let smallest = 1;
  for (let rank = m; rank >= 1; rank -= 1) {
    const i = order[rank - 1]!;
    smallest = Math.min(smallest, (p[i]! * m) / rank);
    q[i] = smallest;
  }
  return q;
}
