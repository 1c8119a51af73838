import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHalf, encodeHalf } from './half.ts';

const round = (value: number): number => decodeHalf(encodeHalf(Float32Array.of(value)))[0]!;

test('every float16 pattern that is a number comes back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = encodeHalf(decodeHalf(all));
  for (const h of all) {
    const notANumber = (h & 0x7c00) === 0x7c00 && (h & 0x3ff) !== 0;
    expect(notANumber ? back[h]! & 0x7fff : back[h]).toBe(notANumber ? 0x7e00 : h);
  }
});

test('rounding: known values, ties to even, overflow, underflow', () => {
  expect(round(1 + 2 ** -11)).toBe(1);
  expect(round(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
  expect(round(65519)).toBe(65504);
  expect(round(65520)).toBe(Number.POSITIVE_INFINITY);
  expect(round(-1e9)).toBe(Number.NEGATIVE_INFINITY);
  expect(round(2 ** -25)).toBe(0);
  expect(round(3 * 2 ** -25)).toBe(2 * 2 ** -24);
  expect(Object.is(round(-0), -0)).toBe(true);
  expect(round(Number.NaN)).toBeNaN();
});

test('the result is the nearest float16', () => {
  fc.assert(
    fc.property(fc.float({ min: Math.fround(-65504), max: Math.fround(65504), noNaN: true }), (value) => {
      const unit = 2 ** Math.max(-24, Math.floor(Math.log2(Math.abs(value) || 1)) - 10);
      expect(Math.abs(round(value) - value)).toBeLessThanOrEqual(unit / 2);
    }),
  );
});
