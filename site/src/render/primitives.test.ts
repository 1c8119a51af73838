import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, niceAxis } from './axis.ts';
import { dense, level } from './heatmap.ts';
import { html, join, raw } from './html.ts';
import { angle, count, fixed, probability, signed, significant } from './number.ts';
import { verdict } from './verdict.ts';

describe('html', () => {
  it('escapes text and keeps what is HTML', () => {
    expect(html`<i>${'<&"'}</i>${raw('<b>')}${null}${false}${[1, 'a']}`.text).toBe('<i>&lt;&amp;&quot;</i><b>1a');
    expect(join(['a', '', 'b'], ' & ').text).toBe('a &amp; b');
  });
});

describe('numbers', () => {
  it('has a true minus, groups of three, and no minus zero', () => {
    expect(fixed(-0.126)).toBe('−0.13');
    expect(fixed(-0.001)).toBe('0.00');
    expect(signed(0.5)).toBe('+0.50');
    expect(count(1234567)).toBe('1\u202f234\u202f567');
    expect(significant(0.01234)).toBe('0.0123');
    expect(significant(1234.5)).toBe('1235');
  });
  it('never shows an underflowing p as zero', () => {
    expect(probability(0, -412.3)).toBe('5.0\u202f×\u202f10⁻⁴¹³');
    expect(probability(2.4954693e-4)).toBe('2.5\u202f×\u202f10⁻⁴');
    expect(probability(9.99e-5)).toBe('1.0\u202f×\u202f10⁻⁴');
    expect(probability(0.0321)).toBe('0.032');
  });
  it('gives angles', () => {
    expect(angle(0)).toBe('90°');
    expect(angle(1)).toBe('0°');
  });
});

describe('axis', () => {
  it('holds its values between its ends, at most a handful of ticks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 }),
        (values) => {
          const axis = niceAxis(values);
          const span = axis.high - axis.low;
          expect(axis.low).toBeLessThanOrEqual(Math.min(...values) + span * 1e-6);
          expect(axis.high).toBeGreaterThanOrEqual(Math.max(...values) - span * 1e-6);
          expect(axis.ticks.length).toBeLessThanOrEqual(8);
          expect(at(axis, axis.low)).toBe(0);
          expect(at(axis, axis.high)).toBe(100);
        },
      ),
    );
  });
});

describe('heat', () => {
  it('has no step for silence, the last for the maximum', () => {
    expect([level(0, 4), level(0.01, 4), level(4, 4), level(9, 4), level(1, 0)]).toEqual([0, 1, 9, 9, 0]);
    expect(dense({ index: [1, 7], value: [2, 3] }, 3)).toEqual([0, 2, 0]);
  });
});

describe('verdict', () => {
  const of = (value: number, low: number | null, high: number | null) => ({ value, low, high, n: 9 });
  it('lets the interval of the difference decide, where there is one', () => {
    const claim = { value: 1, low: 0, high: 2, n: 9, control: { kind: 'c', value: 0.5, low: 0, high: 1, n: 9 } };
    expect(verdict(claim)).toBe('inside');
    expect(verdict({ ...claim, difference: { value: 0.5, low: 0.2, high: 0.8, n: 9 } })).toBe('apart');
    expect(verdict({ ...claim, difference: { value: 0.5, low: -0.1, high: 1.1, n: 9 } })).toBe('inside');
    expect(verdict({ ...claim, difference: { value: 0.5, low: null, high: null, n: 9 } })).toBe('inside');
  });

  it('compares a value with its control by their intervals', () => {
    const control = { kind: 'random', ...of(0, -0.1, 0.1) };
    expect(verdict({ ...of(0.5, 0.4, 0.6), control })).toBe('apart');
    expect(verdict({ ...of(0.05, 0.02, 0.08), control })).toBe('inside');
    expect(verdict({ ...of(0.3, -0.1, 0.7), control })).toBe('inside');
    expect(verdict({ ...of(0.3, null, null), control: { kind: 'random', ...of(0, null, null) } })).toBe('no-interval');
    expect(verdict({ ...of(0.3, 0, 1), control: null })).toBe('no-control');
  });
});
