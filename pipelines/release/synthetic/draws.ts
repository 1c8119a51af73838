import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xorshift128plus } from 'pure-rand/generator/xorshift128plus';

/** Seeded draws of one synthetic record. */
export interface Draws {
  /** Uniform in [from, to). */
  real(from: number, to: number): number;
  /** Integer in [from, to]. */
  int(from: number, to: number): number;
  chance(p: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Zipf-like index below n: small ones are common. */
  rare(n: number): number;
}

/** Draws that depend on the numbers given alone, so that any record can be made by itself. */
export function draws(...parts: readonly number[]): Draws {
  let seed = 0x9e3779b9;
  for (const part of parts) seed = Math.imul(seed ^ (part + 0x7f4a7c15), 0x85ebca6b) ^ (seed >>> 13);
  const generator = xorshift128plus(seed | 0);
  const unit = () => uniformFloat64(generator);
  for (let i = 0; i < 4; i += 1) unit();
  const int = (from: number, to: number) => from + Math.floor(unit() * (to - from + 1));
  return {
    real: (from, to) => from + unit() * (to - from),
    int,
    chance: (p) => unit() < p,
    pick: (items) => items[int(0, items.length - 1)]!,
    rare: (n) => Math.min(n - 1, Math.floor(n ** unit()) - 1),
  };
}

/** Six decimals, as a pipeline would keep them. */
export const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
