import { expect, test } from 'vitest';
import { centredColumns, largest, nearest, unitRows } from './similar.ts';

test('the largest come first, ties by index, the row itself left out', () => {
  expect(largest([1, 5, 5, 2, 9], 3, 4)).toEqual([
    { index: 1, value: 5 },
    { index: 2, value: 5 },
    { index: 3, value: 2 },
  ]);
});

test('rows are scaled to length one, zero rows stay', () => {
  expect(Array.from(unitRows(Float32Array.of(3, 4, 0, 0), 2))).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
});

test('products of centred columns are correlations: +1, -1 and 0 by hand', () => {
  // columns: [1,2,3], [2,4,6], [3,2,1], [1,0,1]
  const c = centredColumns(Float32Array.of(1, 2, 3, 1, 2, 4, 2, 0, 3, 6, 1, 1), 3, 4);
  const found = nearest(c.slice(0, 3), c, 3, 4, { same: false })[0]!;
  expect(found[0]!.value).toBeCloseTo(1, 6);
  expect(found[1]!.value).toBeCloseTo(1, 6);
  expect(found.every((s) => s.index !== 2)).toBe(true);
});
