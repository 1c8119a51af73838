import { type SampleSums, SUM_CLASS, tokensOf } from '#pipelines/diff/sums.ts';

/** What each feature did on the text tokens of each sample (after its picture, where there is one), kept where it fired. */
export interface FiringRows {
  readonly n: number;
  readonly samples: number;
  /** Text tokens of each sample. */
  readonly tokens: ArrayLike<number>;
  /** `[samples + 1]`: entries of a sample. */
  readonly offsets: ArrayLike<number>;
  /** Feature of each entry, its largest activation, and the tokens on which it is above the threshold. */
  readonly feature: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  readonly count: ArrayLike<number>;
}

/** The firing part of per-sample sums; their threshold is the one that tokens are counted at. */
export function firingRows(sums: SampleSums): FiringRows {
  const offsets = new Int32Array(sums.samples + 1);
  const kept: number[] = [];
  for (let s = 0; s < sums.samples; s += 1) {
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1) if (sums.textMax[e]! > 0) kept.push(e);
    offsets[s + 1] = kept.length;
  }
  return {
    n: sums.n,
    samples: sums.samples,
    tokens: tokensOf(sums, SUM_CLASS.text),
    offsets,
    feature: Int32Array.from(kept, (e) => sums.feature[e]!),
    max: Float32Array.from(kept, (e) => sums.textMax[e]!),
    count: Int32Array.from(kept, (e) => sums.textCount[e]!),
  };
}

/** How many of `samples` units each feature fired on, `[n]`. */
export interface Firing {
  readonly samples: number;
  readonly fired: Float64Array;
}

/** Whether a sample takes part, by its index. */
export type Chooses = (sample: number) => boolean;

/** Samples on which each feature's largest text activation is above the threshold, among the chosen ones that have text. */
export function firingOf(rows: FiringRows, threshold: number, chooses: Chooses): Firing {
  const fired = new Float64Array(rows.n);
  let samples = 0;
  for (let s = 0; s < rows.samples; s += 1) {
    if (rows.tokens[s] === 0 || !chooses(s)) continue;
    samples += 1;
    for (let e = rows.offsets[s]!; e < rows.offsets[s + 1]!; e += 1)
      if (rows.max[e]! > threshold) fired[rows.feature[e]!]! += 1;
  }
  return { samples, fired };
}

/** The paper's counting: text tokens on which each feature is active, not samples. */
export function tokenFiringOf(rows: FiringRows, chooses: Chooses): Firing {
  const fired = new Float64Array(rows.n);
  let samples = 0;
  for (let s = 0; s < rows.samples; s += 1) {
    if (!chooses(s)) continue;
    samples += rows.tokens[s]!;
    for (let e = rows.offsets[s]!; e < rows.offsets[s + 1]!; e += 1) fired[rows.feature[e]!]! += rows.count[e]!;
  }
  return { samples, fired };
}

/** Largest text activation of some features on every sample, `[samples]` each: scores for AUROC and paired tests. */
export function scoresOf(rows: FiringRows, features: readonly number[]): Map<number, Float64Array> {
  const scores = new Map(features.map((i) => [i, new Float64Array(rows.samples)]));
  for (let s = 0; s < rows.samples; s += 1)
    for (let e = rows.offsets[s]!; e < rows.offsets[s + 1]!; e += 1) {
      const row = scores.get(rows.feature[e]!);
      if (row) row[s] = rows.max[e]!;
    }
  return scores;
}
