import type { Estimate } from '#release/schema/estimate.ts';
import type { SampleSums } from '../sums.ts';
import { SUM_CLASS } from '../sums.ts';
import { type Bootstrap, meanOf } from './estimate.ts';

/**
 * Monosemanticity of every feature (Pach et al. 2504.02821): mean cosine between the embeddings of all pairs of pictures,
 * weighted by the product of the feature's activations (mean over image tokens, scaled to 0..1 over the pictures). NaN where it
 * fires on fewer than two pictures.
 * @param embeddings `[samples, width]` of an image encoder
 */
export function monosemanticity(sums: SampleSums, embeddings: ArrayLike<number>): Float64Array {
  const width = embeddings.length / sums.samples;
  const unit = new Float64Array(embeddings.length);
  for (let s = 0; s < sums.samples; s += 1) {
    let square = 0;
    for (let j = 0; j < width; j += 1) square += embeddings[s * width + j]! ** 2;
    for (let j = 0; j < width; j += 1)
      unit[s * width + j] = square === 0 ? 0 : embeddings[s * width + j]! / Math.sqrt(square);
  }
  const image = (e: number) => sums.sum[e * 3 + SUM_CLASS.image]!;
  const along = new Float64Array(sums.n * width);
  const total = new Float64Array(sums.n);
  const squares = new Float64Array(sums.n);
  const pictures = new Uint32Array(sums.n);
  for (let s = 0; s < sums.samples; s += 1) {
    const tokens = sums.tokens[s * 3 + SUM_CLASS.image]!;
    for (let e = sums.offsets[s]!; e < sums.offsets[s + 1]!; e += 1) {
      if (tokens === 0 || !(image(e) > 0)) continue;
      const i = sums.feature[e]!;
      const a = image(e) / tokens;
      for (let j = 0; j < width; j += 1) along[i * width + j]! += a * unit[s * width + j]!;
      total[i]! += a;
      squares[i]! += a * a;
      pictures[i]! += 1;
    }
  }
  return total.map((sum, i) => {
    if (pictures[i]! < 2) return Number.NaN;
    let square = 0;
    for (let j = 0; j < width; j += 1) square += along[i * width + j]! ** 2;
    return (square - squares[i]!) / (sum * sum - squares[i]!);
  });
}

/**
 * Mean cosine between the embeddings of all pairs of pictures: what a feature that fires on every picture alike would score.
 * Interval over pictures by the projection of the U-statistic on single pictures (Hoeffding 1948).
 */
export function meanSimilarity(embeddings: ArrayLike<number>, samples: number, options: Bootstrap): Estimate {
  const width = embeddings.length / samples;
  const sum = new Float64Array(width);
  for (let s = 0; s < samples; s += 1) {
    let square = 0;
    for (let j = 0; j < width; j += 1) square += embeddings[s * width + j]! ** 2;
    for (let j = 0; j < width; j += 1) sum[j]! += square === 0 ? 0 : embeddings[s * width + j]! / Math.sqrt(square);
  }
  const square = sum.reduce((total, x) => total + x * x, 0);
  const value = (square - samples) / (samples * (samples - 1));
  const projections = Float64Array.from({ length: samples }, (_, s) => {
    let along = 0;
    let length = 0;
    for (let j = 0; j < width; j += 1) {
      along += sum[j]! * embeddings[s * width + j]!;
      length += embeddings[s * width + j]! ** 2;
    }
    const others = length === 0 ? 0 : (along / Math.sqrt(length) - 1) / (samples - 1);
    return 2 * others - value;
  });
  return { ...meanOf(projections, options), value };
}
