import { type SampleSums, SUM_CLASS, tokensOf } from '#pipelines/diff/sums.ts';

/** How often each feature fires over some samples. A feature fires on a sample if its largest text activation is above the threshold. */
export interface Firing {
  /** Samples that have a text token. */
  readonly samples: number;
  /** Samples fired `[n]`. */
  readonly fired: Float64Array;
}

/** Whether a sample takes part, by its index. */
export type Chooses = (sample: number) => boolean;

/** Counts samples on which each feature fires, among the chosen ones that have text tokens. */
export function firingOf(sums: SampleSums, threshold: number, chooses: Chooses): Firing {
  const text = tokensOf(sums, SUM_CLASS.text);
  const fired = new Float64Array(sums.n);
  let samples = 0;
  for (let s = 0; s < sums.samples; s += 1) {
    if (text[s] === 0 || !chooses(s)) continue;
    samples += 1;
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1)
      if (sums.textMax[e]! > threshold) fired[sums.feature[e]!]! += 1;
  }
  return { samples, fired };
}

/** The paper's counting: text tokens on which each feature is active, not samples. Sums must have been gathered at the threshold. */
export function tokenFiringOf(sums: SampleSums, chooses: Chooses): Firing {
  const text = tokensOf(sums, SUM_CLASS.text);
  const fired = new Float64Array(sums.n);
  let samples = 0;
  for (let s = 0; s < sums.samples; s += 1) {
    if (!chooses(s)) continue;
    samples += text[s]!;
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1) fired[sums.feature[e]!]! += sums.textCount[e]!;
  }
  return { samples, fired };
}

/** Largest text activation of one feature on every sample, `[samples]`: scores for AUROC and paired tests. */
export function scoresOf(sums: SampleSums, features: readonly number[]): Map<number, Float64Array> {
  const scores = new Map(features.map((i) => [i, new Float64Array(sums.samples)]));
  for (let s = 0; s < sums.samples; s += 1)
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1) {
      const row = scores.get(sums.feature[e]!);
      if (row) row[s] = sums.textMax[e]!;
    }
  return scores;
}
