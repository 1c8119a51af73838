import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import {
  auroc,
  benjaminiHochberg,
  bootstrap,
  cohensD,
  entropy,
  gini,
  jaccard,
  multiplicities,
  newcombe,
  normalQuantile,
  pearson,
  percentiles,
  pointBiserial,
  precisionRecall,
  procrustes,
  procrustesResidual,
  resamples,
  rotateRows,
  smallestSets,
  spearman,
  wilson,
} from './index.ts';

describe('normal quantile', () => {
  // Values of scipy.stats.norm.ppf.
  it.each([
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.5, 0],
    [0.1, -1.2815515655446004],
    [0.9999, 3.719016485455709],
    [0.000001, -4.753424308822899],
  ])('at %f', (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 12));
});

describe('correlation and ranks', () => {
  it('follows hand-computed values', () => {
    expect(pearson([1, 2, 3, 4], [2, 1, 4, 3])).toBeCloseTo(0.6, 14);
    expect(spearman([1, 2, 2, 3], [10, 30, 20, 40])).toBeCloseTo(0.9486832980505138, 14);
    expect(pointBiserial([1, 2, 3, 4], [0, 0, 1, 1])).toBeCloseTo(2 / Math.sqrt(5), 14);
  });
  it('counts a tie as half in the AUROC', () => {
    expect(auroc([1, 2, 2, 3], [0, 0, 1, 1])).toBe(0.875);
    expect(auroc([5, 5, 5], [0, 1, 1])).toBe(0.5);
  });
  it('refuses constants, one class and NaN', () => {
    expect(() => pearson([1, 1], [1, 2])).toThrow('x is constant');
    expect(() => spearman([1, 2], [3, 3])).toThrow('y is constant');
    expect(() => auroc([1, 2], [1, 1])).toThrow('one class');
    expect(() => auroc([1, Number.NaN], [0, 1])).toThrow('NaN');
    expect(() => pointBiserial([1, 2], [0, 2])).toThrow('0 or 1');
  });
});

describe('multiple testing', () => {
  it('adjusts by Benjamini and Hochberg', () => {
    const q = benjaminiHochberg([0.01, 0.04, 0.03, 0.005]);
    expect(Array.from(q, (x) => Number(x.toFixed(12)))).toEqual([0.02, 0.04, 0.04, 0.02]);
  });
  it('refuses a p outside 0..1', () => expect(() => benjaminiHochberg([0.5, 1.5])).toThrow('p[1]'));
});

describe('proportions', () => {
  it('gives Wilson and Newcombe intervals (Newcombe 1998, 56/70 against 48/80)', () => {
    expect(wilson(0, 10, 0.95).high).toBeCloseTo(0.2775327998628892, 13);
    const { difference, low, high } = newcombe(56, 70, 48, 80, 0.95);
    expect(difference).toBeCloseTo(0.2, 14);
    expect(low).toBeCloseTo(0.0524, 4);
    expect(high).toBeCloseTo(0.3339, 4);
  });
  it('refuses n = 0 and k > n', () => {
    expect(() => wilson(0, 0, 0.95)).toThrow('n must');
    expect(() => wilson(3, 2, 0.95)).toThrow('k must');
  });
});

describe('percentiles and bootstrap', () => {
  it('interpolates linearly', () => {
    expect(Array.from(percentiles([4, 1, 3, 2], [0, 25, 50, 100]))).toEqual([1, 1.75, 2.5, 4]);
    expect(() => percentiles([], [50])).toThrow('empty');
    expect(() => percentiles([1], [101])).toThrow('0..100');
  });
  it('takes the interval of the resampled statistic', () => {
    const x = [1, 2, 3];
    const index = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const result = bootstrap({ x, index }, undefined, { rounds: 3, statistic: 'mean', confidence: 0.5 });
    expect(result).toEqual({ point: 2, low: 1.5, high: 2.5 });
  });
  it('counts how often a unit is drawn', () => {
    expect(Array.from(multiplicities([0, 0, 2, 1, 1, 1], 2, 3))).toEqual([2, 0, 1, 0, 3, 0]);
    const drawn = resamples(random(1, 'bootstrap'), 50, 7);
    expect(multiplicities(drawn, 50, 7).reduce((a, b) => a + b, 0)).toBe(350);
  });
});

describe('Procrustes', () => {
  it('recovers a planted rotation', () => {
    const source = random(3, 'procrustes');
    const d = 6;
    const noise = Float64Array.from({ length: 20 * d }, () => source.normal());
    const turn = procrustes(
      Float64Array.from({ length: d * d }, () => source.normal()),
      Float64Array.from({ length: d * d }, () => source.normal()),
      d,
    );
    const rotated = rotateRows(noise, turn, d);
    const found = procrustes(noise, rotated, d);
    expect(Math.max(...found.map((x, i) => Math.abs(x - turn[i]!)))).toBeLessThan(1e-12);
    expect(procrustesResidual(noise, rotated, found, d)).toBeLessThan(1e-12);
  });
});

describe('effects, sets, concentration', () => {
  it("gives Cohen's d", () => {
    expect(cohensD([2, 4], [1, 3])).toBeCloseTo(1 / Math.SQRT2, 14);
    expect(() => cohensD([1, 1], [1, 1])).toThrow('pooled');
    expect(() => cohensD([1], [1, 2])).toThrow('two values');
  });
  it('gives Jaccard, precision and recall', () => {
    expect(jaccard([1, 4, 7, 9], [4, 9, 12])).toBe(0.4);
    expect(jaccard([], [])).toBe(1);
    expect(precisionRecall([1, 1, 0, 0], [1, 0, 1, 1])).toEqual({ precision: 0.5, recall: 1 / 3 });
  });
  it('counts the fewest effects that carry a share', () => {
    expect(Array.from(smallestSets([-5, 3, 1, 1], [0.5, 0.8, 0.9, 1]))).toEqual([1, 2, 3, 4]);
    expect(gini([1, 1, 1])).toBeCloseTo(0, 14);
    expect(gini([0, 0, 1])).toBeCloseTo(2 / 3, 14);
    expect(() => smallestSets([0, 0], [0.5])).toThrow('all 0');
  });
  it('gives the entropy of weights', () => {
    expect(entropy([1, 1, 1, 1])).toEqual({ entropy: Math.log(4), normalised: 1 });
    expect(() => entropy([0, 0])).toThrow('all 0');
    expect(() => entropy([1, -1])).toThrow('negative');
  });
});
