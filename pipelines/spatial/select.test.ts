import { describe, expect, it } from 'vitest';
import { SampleAccumulator } from '#pipelines/diff/sums.ts';
import { firingOf, firingRows, scoresOf, tokenFiringOf } from './firing.ts';
import { choose, confirm, passesLexical, type Rules } from './select.ts';
import { halves } from './split.ts';
import { firingTables } from './tables.ts';

const rules: Rules = { oddsRatio: 3, riskDifference: 0.05, q: 0.01, genericRate: 0.1, wordShare: 0.5 };
const firing = (samples: number, ...fired: number[]) => ({ samples, fired: Float64Array.from(fired) });

describe('firing', () => {
  /** Sample 0: feature 0 on the image alone, feature 1 on two text tokens. Sample 1: feature 0 on text, faintly. Sample 2: no text. */
  const rows = (() => {
    const accumulator = new SampleAccumulator(2, 3, 0.1);
    accumulator.add(
      { offsets: [0, 1, 2, 3, 4, 5], index: [0, 1, 1, 0, 1], value: [5, 0.4, 0.7, 0.05, 3] },
      [0, 0, 0, 1, 2],
      [0, 1, 1, 1, 0],
    );
    return firingRows(accumulator.finish());
  })();

  it('counts samples by their largest text activation', () => {
    expect(firingOf(rows, 0.01, () => true)).toEqual(firing(2, 1, 1));
    expect(firingOf(rows, 0.1, () => true)).toEqual(firing(2, 0, 1));
    expect(firingOf(rows, 0.01, (s) => s === 1)).toEqual(firing(1, 1, 0));
  });

  it("counts tokens as the paper does, and gives every sample's score", () => {
    expect(tokenFiringOf(rows, () => true)).toEqual(firing(3, 0, 2));
    expect(Array.from(scoresOf(rows, [1]).get(1)!, (x) => Math.fround(x))).toEqual([Math.fround(0.7), 0, 0]);
  });
});

describe('selection', () => {
  const spatial = firing(100, 60, 60, 20, 4);
  const matched = firing(100, 10, 10, 18, 0);
  const tables = firingTables(spatial, matched);

  it('chooses large effects that are certain', () => {
    const { chosen, q } = choose(tables, rules);
    expect([...chosen]).toEqual([1, 1, 0, 0]);
    expect(q[3]).toBeGreaterThan(rules.q);
  });

  it('looks at effect sizes alone under the rule of the paper', () => {
    const loose = { ...rules, riskDifference: 0.03 };
    expect([...choose(tables, loose, 'paper').chosen]).toEqual([1, 1, 0, 1]);
  });

  it('drops what words explain', () => {
    const generic = firing(100, 20, 20, 20, 5);
    const word = firing(50, 5, 20, 0, 0);
    expect([...passesLexical({ spatial, generic, word }, rules)]).toEqual([1, 0, 1, 0]);
    expect([...passesLexical({ spatial, generic }, rules)]).toEqual([1, 1, 1, 0]);
  });

  it('confirms on the other half, with q over the chosen alone', () => {
    const heldout = firingTables(firing(100, 50, 12, 50, 50), firing(100, 10, 10, 10, 10));
    const { confirmed, q } = confirm(Uint8Array.of(1, 1, 0, 0), heldout, rules);
    expect([...confirmed]).toEqual([1, 0, 0, 0]);
    expect(q[0]).toBeCloseTo(2 * heldout[0]!.p, 20);
    expect(q[2]).toBe(1);
  });

  it('refuses a stream without text', () => {
    expect(() => firingTables(firing(0, 0), firing(10, 1))).toThrow('spatial');
  });
});

describe('halves', () => {
  it('are equal, seeded and differ by split', () => {
    const half = halves(101, 3, 0);
    expect(half.reduce((a, b) => a + b, 0)).toBe(51);
    expect(halves(101, 3, 0)).toEqual(half);
    expect(halves(101, 3, 1)).not.toEqual(half);
  });
});
