import { expect, test } from 'vitest';
import { calibrationOf, concentrationCurve, concentrationOf, edgesOf } from './edges.ts';
import { headShares } from './ranking.ts';
import { bestEffects, type TracedFeature } from './read-trace.ts';
import { chooseTargets } from './targets.ts';

const intervals = { rounds: 100, confidence: 0.95, seed: 1 };

/** Two samples, one layer of four heads; head 1 was patched exactly on both. */
const traced: TracedFeature = {
  layer: 0,
  feature: 7,
  kind: 'spatial',
  samples: 2,
  width: 4,
  clean: Float32Array.of(1, -4, 0, 1, 3, -2, 0, -1),
  corrupt: new Float32Array(8),
  absolute: new Float32Array(8).fill(0.5),
  direct: new Float32Array(8).fill(Number.NaN),
  exact: new Map([[1, Float32Array.of(-6, -2)]]),
};

test('edges are sorted by what is known best and say what it is', () => {
  const edges = edgesOf(traced, 4, intervals, 3);
  expect(edges.map((e) => [e.head, e.status])).toEqual([
    ['H0.1', 'verified'],
    ['H0.0', 'estimated'],
    ['H0.2', 'estimated'],
  ]);
  expect(edges[0]!.exact!.value).toBe(-4);
  expect(edges[0]!.estimate.value).toBe(-3);
  expect(edges[1]!.estimate).toMatchObject({ value: 2, n: 2 });
  expect(edges[0]!.direct).toBeNull();
});

test('denoising stands beside noising with its sign turned, queries and keys where they were estimated', () => {
  const [plain] = edgesOf({ ...traced, corrupt: Float32Array.of(0, 3, 0, 0, 0, 1, 0, 0) }, 4, intervals, 1);
  expect(plain).toMatchObject({ head: 'H0.1', estimate: { value: -3 }, denoising: { value: -2, n: 2 } });
  expect(plain).not.toHaveProperty('queries');
  const nodes = { queries: Float32Array.of(0, 1, 0, 0, 0, 2, 0, 0), keys: Float32Array.of(0, -4, 0, 0, 0, 0, 0, 0) };
  const [starred] = edgesOf({ ...traced, ...nodes }, 4, intervals, 1);
  expect(starred).toMatchObject({ queries: { value: 1.5 }, keys: { value: -2 } });
});

test('concentration by hand: effects 8, 1, 1', () => {
  const c = concentrationOf(Float64Array.of(-8, 1, 0, 1))!;
  expect([c.heads_50, c.heads_80, c.heads_90]).toEqual([1, 1, 2]);
  expect(c.top5_share).toBe(1);
  expect(concentrationOf(new Float64Array(3))).toBeNull();
});

test('the curve reaches one and counts the largest head first', () => {
  // means over samples: 2, -3, 0, 0
  expect(concentrationCurve([traced], 3)).toEqual([3 / 5, 1, 1]);
});

test('exact effects stand for estimates, and shares sum to one', () => {
  expect(Array.from(bestEffects(traced).effects)).toEqual([1, -6, 0, 1, 3, -2, 0, -1]);
  const shares = headShares([traced], 4, intervals);
  // means 2, -4, 0, 0
  expect(shares.map((s) => s.value)).toEqual([2 / 6, 4 / 6, 0, 0]);
  expect(shares[1]!.low!).toBeLessThanOrEqual(4 / 6);
  expect(shares[1]!.high!).toBeGreaterThanOrEqual(4 / 6);
});

test('calibration is the slope through the origin over patched edges', () => {
  const other = {
    ...traced,
    exact: new Map([
      [0, Float32Array.of(2, 2)],
      [2, Float32Array.of(0, 0)],
      [1, Float32Array.of(-3, -3)],
    ]),
  };
  const { slope, n } = calibrationOf([other])!;
  // estimates 2, 0, -3 against exact 2, 0, -3
  expect(slope).toBeCloseTo(1, 6);
  expect(n).toBe(3);
});

test('targets: the largest effects, and as many that fire alike but are not spatial', () => {
  const candidate = (feature: number, spatial: boolean, effect: number, rate: number) => ({
    layer: 2,
    feature,
    spatial,
    effect,
    rate,
  });
  const candidates = [
    candidate(1, true, 0.2, 0.5),
    candidate(2, true, 0.9, 0.4),
    candidate(3, false, 0, 0.5),
    candidate(4, false, 0, 0),
    candidate(5, false, 0, 0.45),
  ];
  const targets = chooseTargets(candidates, 2, 3);
  expect(targets.filter((t) => t.kind === 'spatial').map((t) => t.feature)).toEqual([2, 1]);
  expect(
    targets
      .filter((t) => t.kind === 'random')
      .map((t) => t.feature)
      .sort(),
  ).toEqual([3, 5]);
  expect(chooseTargets(candidates, 2, 3)).toEqual(targets);
});
