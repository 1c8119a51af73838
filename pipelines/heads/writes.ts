import { f32, i64, type Tensor } from '#graph/tensor.ts';
import type { Decoder, DecoderInputs } from '#graph/types.ts';

/** Positions of one pass: enough to be quick, few enough for any context window. */
const CHUNK = 128;

/**
 * What each head writes into the residual stream per unit of its z: `[heads, dHead, dModel]` of one layer, with the bias removed.
 * Read off the graph itself, by setting z to each unit vector at a position of its own; so it holds for any exporter.
 * A norm after attention (Gemma 2) is not linear: there the direct part is not defined, and null comes back.
 */
export async function headWrites(decoder: Decoder, layer: number): Promise<Float32Array | null> {
  const { heads, dHead, dModel } = decoder.anatomy;
  const width = heads * dHead;
  const out = new Float32Array(width * dModel);
  let largest = 0;
  let bend = 0;
  for (let from = 0; from < width; from += CHUNK) {
    const rows = Math.min(CHUNK, width - from);
    const once = await writesOf(decoder, layer, from, rows, 1);
    const twice = await writesOf(decoder, layer, from, rows, 2);
    for (let i = 0; i < rows; i += 1)
      for (let j = 0; j < dModel; j += 1) {
        const bias = once[rows * dModel + j] ?? 0;
        const value = (once[i * dModel + j] ?? 0) - bias;
        out[(from + i) * dModel + j] = value;
        largest = Math.max(largest, Math.abs(value));
        bend = Math.max(bend, Math.abs((twice[i * dModel + j] ?? 0) - bias - 2 * value));
      }
  }
  return bend > 1e-3 * largest ? null : out;
}

/** `hook_attn_out` `[rows + 1, dModel]` when z is `size` times unit vector `from + i` at position i, and zero at the last. */
async function writesOf(
  decoder: Decoder,
  layer: number,
  from: number,
  rows: number,
  size: number,
): Promise<Float32Array> {
  const { heads, dHead } = decoder.anatomy;
  const width = heads * dHead;
  const z = new Float32Array((rows + 1) * width);
  for (let i = 0; i < rows; i += 1) z[i * width + from + i] = size;
  const site = `blocks.${layer}.hook_attn_out`;
  const taps = await decoder.run(anyTokens(decoder, rows + 1), {
    taps: [site],
    interventions: [{ at: `blocks.${layer}.attn.hook_z`, op: 'set', value: f32(z, [1, rows + 1, heads, dHead]) }],
  });
  return taps[site]!.data;
}

/** Inputs of a pass whose tokens do not matter. */
export function anyTokens(decoder: Decoder, positions: number): DecoderInputs {
  const { tokens, dModel } = decoder.anatomy;
  const value: Tensor =
    tokens.kind === 'ids'
      ? i64(new BigInt64Array(positions), [1, positions])
      : f32(new Float32Array(positions * dModel).fill(0.01), [1, positions, dModel]);
  return { [tokens.input]: value };
}
