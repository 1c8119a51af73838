import { f32 } from '#graph/tensor.ts';
import type { Decoder } from '#graph/types.ts';
import { anyTokens } from './writes.ts';

/** Positions of one pass. */
const CHUNK = 128;
/** Largest departure from a product of weights, as a share of the largest weight, that counts as rounding. */
const BENT = 1e-3;

/**
 * The unembedding rows of some tokens, `[tokens, dModel]`, read off the graph itself by setting `ln_final` to each unit vector at a position of its own;
 * so they hold for any exporter. Null where logits are no linear function of it (the final cap of Gemma 2).
 */
export async function unembeddingRows(decoder: Decoder, tokens: readonly number[]): Promise<Float32Array | null> {
  const { dModel } = decoder.anatomy;
  const rows = new Float32Array(tokens.length * dModel);
  let [largest, bend] = [0, 0];
  for (let from = 0; from < dModel; from += CHUNK) {
    const count = Math.min(CHUNK, dModel - from);
    const [once, twice] = [await logitsOf(decoder, from, count, 1), await logitsOf(decoder, from, count, 2)];
    const vocab = once.length / (count + 1);
    tokens.forEach((token, k) => {
      const bias = once[count * vocab + token]!;
      for (let i = 0; i < count; i += 1) {
        const weight = once[i * vocab + token]! - bias;
        rows[k * dModel + from + i] = weight;
        largest = Math.max(largest, Math.abs(weight));
        bend = Math.max(bend, Math.abs(twice[i * vocab + token]! - bias - 2 * weight));
      }
    });
  }
  return bend > BENT * largest ? null : rows;
}

/** Logits `[count + 1, vocab]` where `ln_final` is `size` times unit vector `from + i` at position i, and zero at the last. */
async function logitsOf(decoder: Decoder, from: number, count: number, size: number): Promise<Float32Array> {
  const { dModel } = decoder.anatomy;
  const value = new Float32Array((count + 1) * dModel);
  for (let i = 0; i < count; i += 1) value[i * dModel + from + i] = size;
  const { logits } = await decoder.run(anyTokens(decoder, count + 1), {
    taps: ['logits'],
    interventions: [{ at: 'ln_final', op: 'set', value: f32(value, [1, count + 1, dModel]) }],
  });
  return logits!.data;
}
