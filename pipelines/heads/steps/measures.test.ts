import { expect, test } from 'vitest';
import { rowCosines } from '#pipelines/diff/geometry.ts';
import { attentionOf, effectOf, rotationOf } from './measures.ts';

const intervals = { rounds: 200, confidence: 0.95, seed: 0 };

test('cosines of rows: turned by a right angle, kept, scaled, and a row of zeros', () => {
  const before = Float32Array.of(1, 0, 1, 1, 3, 4, 0, 0);
  const after = Float32Array.of(0, 2, 1, 1, 6, 8, 1, 0);
  const cosines = rowCosines(before, after, 2);
  for (const [i, want] of [0, 1, 1, 0].entries()) expect(cosines[i]).toBeCloseTo(want, 12);
  const rotation = rotationOf(Float64Array.of(0, 0.25, 0.5, 0.75, 1), intervals);
  expect(rotation.mean).toMatchObject({ value: 0.5, n: 5 });
  expect([rotation.p10, rotation.p50, rotation.p90]).toEqual([0.1, 0.5, 0.9]);
});

test('the effect is the mean difference of shares, paired by picture', () => {
  const spatial = [Uint8Array.of(1, 1, 1, 0), Uint8Array.of(1, 1, 0, 0)];
  const matched = [Uint8Array.of(0, 1, 0, 0), Uint8Array.of(0, 0, 0, 0)];
  const effect = effectOf(spatial, matched, intervals)!;
  expect(effect.value).toBeCloseTo(0.5, 12);
  expect(effect.n).toBe(4);
  expect(effect.low!).toBeLessThanOrEqual(0.5);
  expect(effect.high!).toBeGreaterThanOrEqual(0.5);
  expect(effectOf([], [], intervals)).toBeNull();
});

test('attention: mean over heads and samples, and the fewest heads that hold a half and four fifths', () => {
  const heads = [0.6, 0.2, 0.1, 0.1].map((mass) => Float64Array.of(mass, mass));
  const attention = attentionOf(heads, intervals);
  expect(attention).toMatchObject({ heads_50: 1, heads_80: 2, heads: 4 });
  expect(attention.mass).toMatchObject({ value: 0.25, n: 2 });
});
