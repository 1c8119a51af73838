import { gini, mean, smallestSets, spearman } from '#pipelines/diff/statistics/index.ts';
import type { Concentration, HeadEdge, HeadsFile } from '#release/schema/index.ts';
import { type Intervals, meanEstimate } from './estimate.ts';
import { column, meanByHead, type TracedFeature } from './read-trace.ts';

const FRACTIONS = [0.5, 0.8, 0.9] as const;

/** Edges of one feature, largest effect first: exact where the head was patched, else estimated. */
export function edgesOf(t: TracedFeature, heads: number, intervals: Intervals, most: number): HeadEdge[] {
  const estimate = meanByHead(t);
  const size = (h: number) => Math.abs(t.exact.has(h) ? mean(t.exact.get(h)!) : estimate[h]!);
  return Array.from({ length: t.width }, (_, h) => h)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, most)
    .map((h) => {
      const exact = t.exact.get(h);
      const estimateOf = (a: Float32Array) => meanEstimate(column(a, t.samples, t.width, h), intervals);
      const direct = mean(column(t.direct, t.samples, t.width, h));
      return {
        head: `H${Math.floor(h / heads)}.${h % heads}`,
        status: exact ? 'verified' : 'estimated',
        estimate: estimateOf(t.clean),
        exact: exact ? meanEstimate(exact, intervals) : null,
        denoising: estimateOf(t.corrupt.map((x) => -x)),
        ...(t.queries && t.keys ? { queries: estimateOf(t.queries), keys: estimateOf(t.keys) } : {}),
        direct: Number.isFinite(direct) ? direct : null,
        absolute: mean(column(t.absolute, t.samples, t.width, h)),
      };
    });
}

/** How many heads carry 50, 80 and 90 % of the absolute effect; null where there is no effect at all. */
export function concentrationOf(effects: Float64Array): Omit<Concentration, 'random'> | null {
  if (effects.every((e) => e === 0)) return null;
  const [heads_50, heads_80, heads_90] = smallestSets(effects, FRACTIONS);
  const sizes = effects.map(Math.abs).sort().reverse();
  const five = sizes.slice(0, 5);
  const total = sizes.reduce((a, b) => a + b, 0);
  const top5_share = five.reduce((a, b) => a + b, 0) / total;
  return { heads_50: heads_50!, heads_80: heads_80!, heads_90: heads_90!, gini: gini(effects), top5_share };
}

/** The random features' mean figures, as the control of each spatial one. */
export function randomConcentration(random: readonly TracedFeature[]): Concentration['random'] {
  const found = random.map((t) => concentrationOf(meanByHead(t))).filter((c) => c !== null);
  if (found.length === 0) return null;
  const of = (key: 'heads_50' | 'heads_80' | 'heads_90') => mean(found.map((c) => c[key]));
  return { heads_50: of('heads_50'), heads_80: of('heads_80'), heads_90: of('heads_90'), n: found.length };
}

/** Mean share of the absolute effect carried by the 1, 2, ... largest heads, over features. */
export function concentrationCurve(features: readonly TracedFeature[], length: number): number[] {
  const curves = features
    .map((t) => meanByHead(t).map(Math.abs).sort().reverse())
    .filter((sizes) => sizes.some((x) => x > 0))
    .map((sizes) => {
      const total = sizes.reduce((a, b) => a + b, 0);
      let sum = 0;
      return Array.from({ length }, (_, i) => {
        sum += sizes[i] ?? 0;
        return sum / total;
      });
    });
  return curves.length === 0 ? [] : Array.from({ length }, (_, i) => mean(curves.map((c) => c[i]!)));
}

/** Estimated against exact effects over all patched edges, on the same samples. */
export function calibrationOf(features: readonly TracedFeature[]): HeadsFile['calibration'] {
  const points: [number, number][] = features.flatMap((t) =>
    [...t.exact].map(([h, exact]): [number, number] => [mean(column(t.clean, exact.length, t.width, h)), mean(exact)]),
  );
  const [x, y] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const squares = x.reduce((a, b) => a + b * b, 0);
  if (points.length < 3 || squares === 0) return null;
  // Through the origin: a head without estimated effect has none to predict.
  const slope = points.reduce((a, [u, v]) => a + u * v, 0) / squares;
  return { slope, spearman: spearman(x, y), n: points.length, points };
}
