import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dim } from '../onnx/build.ts';
import { add, broadcastDim, canonical, div, mul, product, quotient, sub } from './dim.ts';

const NAMES = ['batch', 'past', 'seq'];
const dim: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { depthSize: 'small' },
    fc.integer({ min: 1, max: 5 }),
    fc.constantFrom(...NAMES),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => add(a, b)),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => mul(a, b)),
  ),
})).dim;
const VALUES: Record<string, number> = { batch: 2, past: 3, seq: 7 };

/** A dimension's number where its symbols have values. */
const value = (d: Dim): number =>
  typeof d === 'number'
    ? d
    : d
        .split(' + ')
        .map((term) => term.split('*').reduce((p, f) => p * (VALUES[f] ?? Number(f)), 1))
        .reduce((a, b) => a + b, 0);

test('arithmetic on names is arithmetic on their values, and equal polynomials are spelt alike', () =>
  fc.assert(
    fc.property(dim, dim, dim, (a, b, c) => {
      expect(value(add(a, b))).toBe(value(a) + value(b));
      expect(value(mul(a, b))).toBe(value(a) * value(b));
      expect(add(a, b)).toBe(add(b, a));
      expect(mul(a, add(b, c))).toBe(add(mul(a, b), mul(a, c)));
      expect(sub(add(a, b), b)).toBe(a);
      expect(quotient([a, b, c], [b, c])).toBe(a);
    }),
    { seed: 4 },
  ));

test('division is exact or not known', () => {
  expect(div(mul('seq', 6), 3)).toBe('2*seq');
  expect(div(product([4, 'batch', 'seq']), mul('batch', 2))).toBe('2*seq');
  expect(div('seq', 2)).toBeUndefined();
  expect(div(7, 2)).toBeUndefined();
  expect(div(add('past', 'seq'), 'seq')).toBeUndefined();
});

test('declared names: sums and products are read, anything else is one symbol', () => {
  expect(canonical('past_sequence_length + sequence_length')).toBe(add('sequence_length', 'past_sequence_length'));
  expect(canonical('2*seq')).toBe(mul(2, 'seq'));
  expect(canonical('a//b - 1')).toBe('a__b___1');
  expect(canonical('')).toBe('_');
});

test('broadcasting of names', () => {
  expect(broadcastDim('seq', 1)).toBe('seq');
  expect(broadcastDim('seq', 'seq')).toBe('seq');
  expect(broadcastDim('seq', 4)).toBe(4);
  expect(broadcastDim('seq', 'past')).toBeUndefined();
});
