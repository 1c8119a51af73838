import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { competitionQ } from './competition.ts';

describe('competition q', () => {
  it('counts decoys above each margin', () => {
    // Margins falling: target, target, decoy, target. Rates at chance 1/2: 1/1, 1/2, 2/2, 2/3; the least from below.
    expect(Array.from(competitionQ([1, 1, 0, 1], [4, 3, 2, 1], 0.5))).toEqual([0.5, 0.5, 1, 2 / 3]);
    expect(Array.from(competitionQ([0, 1], [1, 1], 0.5))).toEqual([1, 1]);
  });

  it('finds next to nothing by luck', () => {
    const claims = Array.from({ length: 100 }, (_, seed) => {
      const draw = random(seed, 'competition');
      const margin = Float64Array.from({ length: 400 }, () => draw.float());
      return competitionQ(
        margin.map(() => (draw.chance(1 / 3) ? 1 : 0)),
        margin,
        1 / 3,
      ).some((q) => q <= 0.1);
    });
    expect(claims.filter(Boolean).length).toBeLessThanOrEqual(10);
  });

  it('keeps its rate and finds what is there', () => {
    const shares = Array.from({ length: 40 }, (_, seed) => {
      const draw = random(seed, 'competition', 'planted');
      const real = (i: number) => i < 100;
      const margin = Float64Array.from({ length: 600 }, (_, i) => draw.float() + (real(i) ? 0.5 : 0));
      const q = competitionQ(
        margin.map((_, i) => (real(i) || draw.chance(1 / 3) ? 1 : 0)),
        margin,
        1 / 3,
      );
      const found = Array.from(q.keys()).filter((i) => q[i]! <= 0.1);
      return {
        false: found.filter((i) => !real(i)).length / Math.max(1, found.length),
        hits: found.filter(real).length,
      };
    });
    const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
    expect(mean(shares.map((s) => s.false))).toBeLessThan(0.12);
    expect(mean(shares.map((s) => s.hits))).toBeGreaterThan(50);
  });
});
