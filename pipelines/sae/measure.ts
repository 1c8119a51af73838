import { ParallaxError } from '#pipelines/config/errors.ts';
import type { SparseRows } from './sparse.ts';

/** Tokens with their reconstructions, in the units of the scaled stream. */
export interface Reconstructed {
  readonly d: number;
  readonly n: number;
  /** `[T,d]` */
  readonly u: Float32Array;
  /** `[T,d]` */
  readonly uHat: Float32Array;
  readonly f: SparseRows;
}

/** Figures of one dictionary over one group of tokens (golden README, kind `sae-eval`). */
export interface Measures {
  readonly tokens: number;
  /** `sum|u - u^|^2 / sum|u - mean u|^2` */
  readonly fvu: number;
  /** Mean over tokens of `1 - |u - u^|^2 / |u - mean u|^2`. */
  readonly explainedVarianceLegacy: number;
  /** Mean number of features that fire on a token. */
  readonly l0: number;
  /** Share of features that never fire. */
  readonly deadFraction: number;
  /** Share of tokens on which each feature fires, `[n]`. */
  readonly frequency: Float64Array;
  /** Mean activation over all tokens, `[n]`. */
  readonly mean: Float64Array;
  /** Mean over the tokens on which the feature fires, 0 if none, `[n]`. */
  readonly meanActive: Float64Array;
  readonly max: Float64Array;
  /** Counts of positive activations between `edges`, `[n, edges - 1]`; the last bin is closed. */
  readonly histogram: Float64Array;
}

/** Bin of a value in `[e_j, e_j+1)`, the last one closed; -1 outside. */
export function binOf(value: number, edges: ArrayLike<number>): number {
  const last = edges.length - 1;
  if (!(value >= edges[0]! && value <= edges[last]!)) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle;
  }
  return low;
}

/** Mean of the rows `members` of `u`, `[d]`. */
function meanRow(u: Float32Array, d: number, members: readonly number[]): Float64Array {
  const mean = new Float64Array(d);
  for (const t of members) for (let i = 0; i < d; i += 1) mean[i]! += u[t * d + i]!;
  return mean.map((v) => v / members.length);
}

/** Measures the tokens `members`. Throws where there is none, or they are all equal. */
export function measure(all: Reconstructed, members: readonly number[], edges: ArrayLike<number> = []): Measures {
  const { d, n, u, uHat, f } = all;
  const tokens = members.length;
  if (tokens === 0)
    throw new ParallaxError(
      'dictionary: a group of tokens to be measured is empty',
      'choose other classes or more samples',
    );
  const centre = meanRow(u, d, members);
  const bins = Math.max(0, edges.length - 1);
  const count = new Float64Array(n);
  const sum = new Float64Array(n);
  const max = new Float64Array(n);
  const histogram = new Float64Array(n * bins);
  let [left, spread, legacy] = [0, 0, 0];
  for (const t of members) {
    let [mine, scatter] = [0, 0];
    for (let j = t * d; j < (t + 1) * d; j += 1) {
      mine += (u[j]! - uHat[j]!) ** 2;
      scatter += (u[j]! - centre[j - t * d]!) ** 2;
    }
    left += mine;
    spread += scatter;
    legacy += 1 - mine / scatter;
    for (let e = f.offsets[t]!; e < f.offsets[t + 1]!; e += 1) {
      const i = f.index[e]!;
      const value = f.value[e]!;
      count[i]! += 1;
      sum[i]! += value;
      if (value > max[i]!) max[i] = value;
      const bin = bins > 0 ? binOf(value, edges) : -1;
      if (bin >= 0) histogram[i * bins + bin]! += 1;
    }
  }
  if (!(spread > 0))
    throw new ParallaxError(
      'dictionary: the tokens to be measured are all equal, FVU has no denominator',
      'measure on more tokens',
    );
  return {
    tokens,
    fvu: left / spread,
    explainedVarianceLegacy: legacy / tokens,
    l0: count.reduce((a, b) => a + b) / tokens,
    deadFraction: count.filter((c) => c === 0).length / n,
    frequency: count.map((c) => c / tokens),
    mean: sum.map((s) => s / tokens),
    meanActive: sum.map((s, i) => (count[i]! > 0 ? s / count[i]! : 0)),
    max,
    histogram,
  };
}

/** `(ablated - spliced) / (ablated - clean)` of mean cross-entropies. Throws where the ablation changes nothing. */
export function lossRecovered(clean: number, spliced: number, ablated: number): number {
  if (ablated === clean)
    throw new ParallaxError('loss recovered: the ablation leaves the loss as it was', 'measure on more tokens');
  return (ablated - spliced) / (ablated - clean);
}
