import { describe, expect, it } from 'vitest';
import type { ColumnData } from '#release/columns.ts';
import { binned, keep, size, sorted } from './filter.ts';
import { applyRule, jaccard, percentileOf } from './rule.ts';

const column = (name: string, values: (number | null)[]): [string, ColumnData] => [
  name,
  {
    column: {
      name,
      title: name,
      unit: '',
      description: '',
      group: '',
      kind: 'number',
      type: 'f32',
      values: null,
      min: null,
      max: null,
      missing: values.filter((v) => v === null).length,
    },
    data: Float32Array.from(values, (v) => v ?? Number.NaN),
  },
];
const columns = new Map([
  column('cos_s_f', [0.25, 0.5, 0.75, 1]),
  column('cos_s_c', [0.5, 1, 1, 1]),
  column('cos_s_f2', [null, null, null, null]),
  column('energy_vision', [1, 1, 0, 1]),
  column('preference_low', [0.4, 0.6, 0.6, null]),
]);

describe('keep', () => {
  it('asks for every range, leaves out what has no value, and can skip a column', () => {
    const state = {
      ranges: new Map([
        ['cos_s_f', [0.3, 1] as const],
        ['preference_low', [0.5, 1] as const],
      ]),
      flags: [],
    };
    expect([...keep(4, columns, state, null)]).toEqual([0, 1, 1, 0]);
    expect([...keep(4, columns, state, null, 'preference_low')]).toEqual([0, 1, 1, 1]);
    expect([...keep(4, columns, state, Uint8Array.of(0, 0, 1, 1))]).toEqual([0, 0, 1, 0]);
    expect(size(keep(4, columns, { ranges: new Map(), flags: ['energy_vision'] }, null))).toBe(3);
  });
});

describe('sorted', () => {
  it('puts missing values last both ways, ties by ordinal', () => {
    const mask = Uint8Array.of(1, 1, 1, 1);
    const by = columns.get('preference_low') as ColumnData;
    expect(sorted(mask, by, new Uint32Array(), false)).toEqual([0, 1, 2, 3]);
    expect(sorted(mask, by, new Uint32Array(), true)).toEqual([1, 2, 0, 3]);
    expect(sorted(Uint8Array.of(1, 0, 1, 1), null, Uint32Array.of(3, 1, 0, 2), false)).toEqual([3, 0, 2]);
  });
});

describe('binned', () => {
  it('counts the last edge in the last bin', () => {
    expect([...binned(Uint8Array.of(1, 1, 1, 1), columns.get('cos_s_f') as ColumnData, 0, 1, 2)]).toEqual([1, 3]);
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
