import { f32 } from '#graph/tensor.ts';
import type { Decoder, DecoderInputs } from '#graph/types.ts';

/** Directions of one forward pass. */
const BATCH = 256;
/** Large enough that the norm's epsilon does not count. */
const LENGTH = 1e4;

/**
 * Direct logit effect of directions: each is put in the place of the last residual stream, so that the model's own final norm and
 * unembedding read it, and the norm's division is undone: `W_U (gamma * d)` for an RMS norm.
 * @param blank inputs of `positions` tokens of any kind, batch 1
 * @param directions `[k, dModel]`
 * @returns `[k, vocab]`
 */
export async function unembedDirections(
  decoder: Decoder,
  blank: (positions: number) => DecoderInputs,
  directions: Float32Array,
): Promise<Float32Array> {
  const { dModel, vocab, layers } = decoder.anatomy;
  const k = directions.length / dModel;
  const out = new Float32Array(k * vocab);
  for (let from = 0; from < k; from += BATCH) {
    const count = Math.min(BATCH, k - from);
    const value = new Float32Array(count * dModel);
    const scales = Array.from({ length: count }, (_, i) => {
      const row = directions.subarray((from + i) * dModel, (from + i + 1) * dModel);
      const norm = Math.hypot(...row);
      for (let j = 0; j < dModel; j++) value[i * dModel + j] = norm === 0 ? 0 : (row[j]! / norm) * LENGTH;
      return norm / Math.sqrt(dModel);
    });
    const { logits } = await decoder.run(blank(count), {
      taps: ['logits'],
      interventions: [
        {
          at: `blocks.${layers - 1}.hook_resid_post`,
          op: 'set',
          positions: Array.from({ length: count }, (_, i) => i),
          value: f32(value, [1, count, dModel]),
        },
      ],
    });
    for (let i = 0; i < count * vocab; i++) out[from * vocab + i] = logits!.data[i]! * scales[Math.floor(i / vocab)]!;
  }
  return out;
}
