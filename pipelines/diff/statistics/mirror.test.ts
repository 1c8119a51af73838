import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { mirrorQ } from './mirror.ts';

describe('mirror q', () => {
  it('counts the mirrored tail', () => {
    // At 1 four stand above and one below: (1+1)/4. At 2 three and none: (1+0)/3, which also serves 3 and 5.
    expect(Array.from(mirrorQ([5, 3, 2, 1, -1, -0.5]))).toEqual([1 / 3, 1 / 3, 1 / 3, 0.5, 1, 1]);
  });

  it('keeps the false-discovery rate where nothing is there', () => {
    const claims = Array.from({ length: 60 }, (_, seed) => {
      const draw = random(seed, 'mirror');
      return mirrorQ(Float64Array.from({ length: 300 }, () => draw.normal())).some((q) => q <= 0.1);
    });
    expect(claims.filter(Boolean).length / claims.length).toBeLessThan(0.2);
  });

  it('finds what agrees', () => {
    const draw = random(1, 'mirror');
    const q = mirrorQ(Float64Array.from({ length: 300 }, (_, i) => (i < 60 ? 8 : 0) + draw.normal()));
    expect(q.subarray(0, 60).every((x) => x <= 0.05)).toBe(true);
    expect(q.subarray(60).filter((x) => x <= 0.05).length).toBeLessThanOrEqual(6);
  });
});
