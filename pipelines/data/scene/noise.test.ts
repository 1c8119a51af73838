import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { addNoise } from './noise.ts';

describe('noise', () => {
  it('is normal: moments, and shares within one, two and three standard deviations', () => {
    const values = new Float32Array(200_001);
    addNoise(values, 2, random(1, 'noise'));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const moment = (k: number) => values.reduce((sum, v) => sum + (v / 2) ** k, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(3)).toBeCloseTo(0, 1);
    expect(moment(4)).toBeCloseTo(3, 0);
    for (const [sds, share] of [
      [1, 0.6827],
      [2, 0.9545],
      [3, 0.9973],
    ] as const)
      expect(values.filter((v) => Math.abs(v) < 2 * sds).length / values.length).toBeCloseTo(share, 2);
  });
});
