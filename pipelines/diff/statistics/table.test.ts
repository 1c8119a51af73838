import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logUpperTail } from './hypergeometric.ts';
import { oddsRatio, riskDifference, tableStatistics } from './table.ts';

const table = (a: number, b: number, c: number, d: number) => ({ a, b, c, d });

/** `C(n, k)` in exact arithmetic. */
function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i += 1) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}
const exactTail = (a: number, marked: number, rest: number, drawn: number): number => {
  let hits = 0n;
  for (let k = a; k <= Math.min(marked, drawn); k += 1) hits += choose(marked, k) * choose(rest, drawn - k);
  return Number((hits * 10n ** 20n) / choose(marked + rest, drawn)) / 1e20;
};

describe('2x2 table', () => {
  it("gives the paper's odds ratios and differences", () => {
    const first = table(261893, 2701355 - 261893, 16021, 1323088 - 16021);
    expect(oddsRatio(first)).toBeCloseTo(8.758667962445074, 12);
    expect(riskDifference(first)).toBeCloseTo(0.08483995952304307, 14);
    expect(oddsRatio(table(352720, 2701355 - 352720, 58454, 1323088 - 58454))).toBeCloseTo(3.249115692928174, 12);
  });

  it('has a log p where p underflows', () => {
    const { p, log10P } = tableStatistics(table(261893, 2439462, 16021, 1307067));
    expect(p).toBe(0);
    expect(log10P / -27951.799819454605).toBeCloseTo(1, 12);
  });

  it('agrees with exact arithmetic on every small table', () => {
    const cell = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(cell, cell, cell, cell, (a, b, c, d) => {
        fc.pre(a + b > 0 && c + d > 0);
        const exact = exactTail(a, a + b, c + d, a + c);
        expect(Math.abs(Math.exp(logUpperTail(a, a + b, c + d, a + c)) - exact)).toBeLessThan(1e-12);
      }),
    );
  });

  it('adds a half to every cell of a table with a zero', () => {
    expect(oddsRatio(table(3, 0, 1, 2))).toBeCloseTo((3.5 * 2.5) / (0.5 * 1.5), 14);
  });

  it('refuses an empty row and what is no count', () => {
    expect(() => tableStatistics(table(0, 0, 1, 2))).toThrow('a + b');
    expect(() => tableStatistics(table(1, 2, 0, 0))).toThrow('c + d');
    expect(() => tableStatistics(table(1, -2, 1, 1))).toThrow('cell b');
    expect(() => tableStatistics(table(1, 2.5, 1, 1))).toThrow('cell b');
  });
});
