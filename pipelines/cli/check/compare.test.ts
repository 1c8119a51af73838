import { describe, expect, test } from 'vitest';
import { compareTensor, passes, relativeError, worst } from './compare.ts';

const answer = (data: number[], shape = [data.length]) => ({ data, shape });
const limits = { tolerance: 0.1, tolerances: { loose: 1 } };

describe('relativeError', () => {
  test.each([
    ['largest difference over the largest expected value', [1, 2, 4.2], [1, 2, -4], 8.2 / 4],
    ['floor of the scale', [1e-7], [0], 0.1],
    ['equal infinities agree', [Number.POSITIVE_INFINITY, 1], [Number.POSITIVE_INFINITY, 1], 0],
    ['an infinity alone does not', [Number.POSITIVE_INFINITY], [1], Number.POSITIVE_INFINITY],
    ['NaN computed', [Number.NaN], [1], Number.POSITIVE_INFINITY],
    ['NaN on both sides', [Number.NaN], [Number.NaN], Number.POSITIVE_INFINITY],
    ['nothing to compare', [], [], 0],
  ])('%s', (_, got, expected, error) => {
    expect(relativeError(got, expected)).toBeCloseTo(error, 12);
  });
});

describe('compareTensor', () => {
  test('a missing tensor, another shape and too few values fail', () => {
    expect(compareTensor('a', undefined, answer([1]), limits).why).toBe('missing');
    expect(compareTensor('a', answer([1, 2], [2, 1]), answer([1, 2], [1, 2]), limits).why).toBe(
      'shape [2,1], expected [1,2]',
    );
    expect(passes(compareTensor('a', answer([1], [2]), answer([1, 2]), limits))).toBe(false);
  });

  test('a tolerance by name goes before the common one', () => {
    expect(passes(compareTensor('loose', answer([1.5]), answer([1]), limits))).toBe(true);
    expect(passes(compareTensor('tight', answer([1.5]), answer([1]), limits))).toBe(false);
  });

  test('select restricts both maxima to the compared elements', () => {
    const select = (_: string, t: { data: ArrayLike<number> }) => answer([t.data[1]!]);
    const verdict = compareTensor('a', answer([9, 1.05]), answer([100, 1]), limits, { select });
    expect(verdict.error).toBeCloseTo(0.05, 12);
  });

  test('a judge replaces the error measure, and its NaN fails', () => {
    const judge = { a: () => ({ error: 2, tolerance: 3 }), b: () => ({ error: Number.NaN, tolerance: 3 }) };
    expect(passes(compareTensor('a', answer([0]), answer([1]), limits, { judge }))).toBe(true);
    expect(passes(compareTensor('b', answer([0]), answer([1]), limits, { judge }))).toBe(false);
  });
});

test('the worst tensor is the one furthest beyond its own tolerance', () => {
  const a = { tensor: 'a', error: 0.5, tolerance: 1 };
  const b = { tensor: 'b', error: 0.1, tolerance: 0.1 };
  expect(worst([a, b])).toBe(b);
  expect(worst([])).toBeUndefined();
});
