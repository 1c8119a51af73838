import { requireFinite } from './errors.ts';

/**
 * q-values from mirror statistics (Dai, Lin, Xing, Liu 2022, "False Discovery Rate via Data Splitting"): a statistic that is
 * symmetric about 0 where nothing is there, and large where two independent measurements agree. The number below `-t` tells
 * how many above `t` are false: `q_i` is the least `(1 + #{m <= -t}) / #{m >= t}` over `0 < t <= m_i`, at most 1; 1 for `m_i <= 0`.
 */
export function mirrorQ(statistics: ArrayLike<number>): Float64Array {
  requireFinite('mirror statistic', 'statistics', statistics);
  const order = Array.from(statistics, (_, i) => i).sort((a, b) => statistics[a]! - statistics[b]!);
  const q = new Float64Array(statistics.length).fill(1);
  let below = order.findLastIndex((i) => statistics[i]! < 0) + 1;
  let best = 1;
  let first = order.length;
  for (let k = order.findLastIndex((i) => statistics[i]! <= 0) + 1; k < order.length; k += 1) {
    const t = statistics[order[k]!]!;
    while (below > 0 && statistics[order[below - 1]!]! > -t) below -= 1;
    if (first === order.length || statistics[order[first]!]! < t) first = k;
    best = Math.min(best, (1 + below) / (order.length - first));
    q[order[k]!] = best;
  }
  return q;
}
