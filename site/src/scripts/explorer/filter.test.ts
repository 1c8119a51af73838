import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnData } from '#release/columns.ts';
import { numberColumn } from '../../render/fixture-column.ts';
import { binOf, orderBy, pick, size } from './filter.ts';
import { conditionsOf, Kept } from './kept.ts';
import { applyRule, jaccard, percentileOf } from './rule.ts';

const columns = new Map([
  numberColumn('cos_s_f', [0.25, 0.5, 0.75, 1]),
  numberColumn('cos_s_c', [0.5, 1, 1, 1]),
  numberColumn('cos_s_f2', [null, null, null, null]),
  numberColumn('energy_vision', [1, 1, 0, 1]),
  numberColumn('preference_low', [0.4, 0.6, 0.6, null]),
]);

describe('kept', () => {
  const both = {
    ranges: new Map([
      ['cos_s_f', [0.3, 1] as const],
      ['preference_low', [0.5, 1] as const],
    ]),
    flags: [],
  };
  const set = (state: Parameters<typeof conditionsOf>[1], hits: Uint8Array | null = null): Kept => {
    const kept = new Kept(4);
    kept.set(conditionsOf(columns, state, hits));
    return kept;
  };
  it('asks for every range, and leaves out what has no value', () => {
    expect([...set(both).mask]).toEqual([0, 1, 1, 0]);
    expect(set(both).count).toBe(2);
    expect([...set(both, Uint8Array.of(0, 0, 1, 1)).mask]).toEqual([0, 0, 1, 0]);
    expect(size(set({ ranges: new Map(), flags: ['energy_vision'] }).mask)).toBe(3);
  });
  it('counts for a column what all others keep', () => {
    const cosine = binOf(columns.get('cos_s_f') as ColumnData, 0, 1, 2);
    expect([...cosine]).toEqual([0, 1, 1, 1]);
    const preference = binOf(columns.get('preference_low') as ColumnData, 0, 1, 2);
    expect([...preference]).toEqual([0, 1, 1, 2]);
    expect([...set(both).binned('cos_s_f', cosine, 2)]).toEqual([0, 2]);
    expect([...set(both).binned('preference_low', preference, 2)]).toEqual([0, 2]);
    expect([...set(both).binned('energy_vision', cosine, 2)]).toEqual([0, 2]);
  });
  it('is the same whatever was asked before', () => {
    const names = ['cos_s_f', 'cos_s_c', 'energy_vision', 'preference_low'];
    const range = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    const state = fc.dictionary(fc.constantFrom(...names), range).map((of) => ({
      ranges: new Map(Object.entries(of).map(([k, [a, b]]) => [k, [Math.min(a, b), Math.max(a, b)] as const])),
      flags: [],
    }));
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (states) => {
        const kept = new Kept(4);
        for (const one of states) kept.set(conditionsOf(columns, one, null));
        const last = states.at(-1) as (typeof states)[number];
        const expected = Array.from({ length: 4 }, (_, i) =>
          Number(
            [...last.ranges].every(([name, [low, high]]) => {
              const value = columns.get(name)?.data[i] as number;
              return value >= low && value <= high;
            }),
          ),
        );
        expect([...kept.mask]).toEqual(expected);
        expect(kept.count).toBe(expected.reduce((a, b) => a + b, 0));
        for (const name of names) {
          const bins = new Uint8Array(4);
          const others = { ranges: new Map([...last.ranges].filter(([key]) => key !== name)), flags: [] };
          expect(kept.binned(name, bins, 1)[0]).toBe(set(others).count);
        }
      }),
    );
  });
});

describe('order', () => {
  it('puts missing values last both ways, ties by ordinal', () => {
    const by = columns.get('preference_low') as ColumnData;
    expect([...orderBy(by, false)]).toEqual([0, 1, 2, 3]);
    expect([...orderBy(by, true)]).toEqual([1, 2, 0, 3]);
  });
  it('is read in pages', () => {
    const order = Uint32Array.of(3, 1, 0, 2);
    const mask = Uint8Array.of(1, 0, 1, 1);
    expect(pick(order, mask, 0, 2)).toEqual({ ordinals: [3, 0], next: 3 });
    expect(pick(order, mask, 3, 2)).toEqual({ ordinals: [2], next: 4 });
  });
});

describe('rule', () => {
  const standard = { eps: 0.5, percentile: 50, strict: false };
  it('is the paper’s: energy above eps, cosine at or below its percentile', () => {
    expect(percentileOf(columns.get('cos_s_f') as ColumnData, 50)).toBe(0.625);
    const result = applyRule(columns, standard, standard);
    expect([...result.selected]).toEqual([1, 1, 0, 0]);
    expect(result.jaccard).toBe(1);
  });
  it('applies the same thresholds to the controls, and says when there is none', () => {
    expect(applyRule(columns, standard, standard).controls).toEqual({ text: 1, seed: null });
  });
  it('asks for the preference’s interval when strict', () => {
    const result = applyRule(columns, { ...standard, strict: true }, standard);
    expect([...result.selected]).toEqual([0, 1, 0, 0]);
    expect(result.jaccard).toBe(0.5);
    expect(jaccard(Uint8Array.of(0), Uint8Array.of(0))).toBe(1);
  });
});
