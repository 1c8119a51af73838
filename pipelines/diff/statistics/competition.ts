import { requireFinite, undefinedFor } from './errors.ts';

/**
 * q-values by competition (selective SeqStep+, Barber and Candes 2015). Every unit is won by its target or by one of its
 * decoys, by some margin; where nothing is there the target wins with probability `chance`, whatever the margin. The decoys
 * that win by `t` or more tell how many targets do so by luck: `q` is the least
 * `(1 + decoys) chance / (1 - chance) / targets` over thresholds up to the unit's margin, at most 1; 1 where a decoy won.
 */
export function competitionQ(won: ArrayLike<number>, margin: ArrayLike<number>, chance: number): Float64Array {
  requireFinite('competition', 'margin', margin);
  if (!(chance > 0 && chance < 1))
    throw undefinedFor('competition', 'chance', `must lie between 0 and 1, is ${chance}`);
  const order = Array.from(margin, (_, i) => i).sort((a, b) => margin[b]! - margin[a]!);
  const q = new Float64Array(margin.length).fill(1);
  let targets = 0;
  let decoys = 0;
  const rates: number[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && margin[order[to]!] === margin[order[from]!]) {
      if (won[order[to]!]) targets += 1;
      else decoys += 1;
      to += 1;
    }
    const rate = targets === 0 ? 1 : ((1 + decoys) * chance) / (1 - chance) / targets;
    for (; from < to; from += 1) rates.push(rate);
  }
  let least = 1;
  for (let k = order.length - 1; k >= 0; k -= 1) {
    least = Math.min(least, rates[k]!);
    if (won[order[k]!]) q[order[k]!] = least;
  }
  return q;
}
