import { mean, populationDeviation } from './statistics/index.ts';
import { type SampleSums, SUM_CLASS, tokensOf } from './sums.ts';

/** Modality classes by dominance: vision, language, cross, or none where a feature fires in no mixed sample. */
export const MODALITY = ['vision', 'language', 'cross', 'none'] as const;
export type Modality = (typeof MODALITY)[number];

/**
 * Modality dominance of every feature: per sample with tokens of both classes, `a / (a + b)` of its mean activation on
 * image and on text tokens; the mean over the samples in which it fires (Multi-Faceted Multimodal Monosemanticity, 2502.14888).
 * `score` is 0.5 and `class` 3 where there is none. Edges of the classes: mean and one standard deviation over features.
 */
export function modalityDominance(sums: SampleSums): { readonly score: Float64Array; readonly class: Uint8Array } {
  const image = tokensOf(sums, SUM_CLASS.image);
  const text = tokensOf(sums, SUM_CLASS.text);
  const total = new Float64Array(sums.n);
  const samples = new Float64Array(sums.n);
  for (let s = 0; s < sums.samples; s += 1) {
    if (image[s] === 0 || text[s] === 0) continue;
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1) {
      const a = sums.sum[e * 3 + SUM_CLASS.image]! / image[s]!;
      const b = sums.sum[e * 3 + SUM_CLASS.text]! / text[s]!;
      if (!(a + b > 0)) continue;
      total[sums.feature[e]!]! += a / (a + b);
      samples[sums.feature[e]!]! += 1;
    }
  }
  const score = total.map((x, i) => (samples[i] === 0 ? 0.5 : x / samples[i]!));
  const scored = score.filter((_, i) => samples[i]! > 0);
  if (scored.length === 0) return { score, class: new Uint8Array(sums.n).fill(3) };
  const middle = mean(scored);
  const spread = populationDeviation(scored);
  const classes = Uint8Array.from(score, (x, i) => {
    if (samples[i] === 0) return 3;
    if (x > middle + spread) return 0;
    return x < middle - spread ? 1 : 2;
  });
  return { score, class: classes };
}
