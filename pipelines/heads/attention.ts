import { f32 } from '#graph/tensor.ts';
import type { Decoder, DecoderInputs, Intervention } from '#graph/types.ts';
import { entropy } from '#pipelines/diff/statistics/index.ts';
import { type Encoded, TOKEN_CLASS, type TracedModel } from '#pipelines/models/types.ts';

/** Attention of one head on the picture, for one sample: mean over text tokens after the image. */
export interface HeadAttention {
  /** Share of the attention that lies on image tokens, 0..1. */
  readonly mass: number;
  /** Entropy of the attention over image tokens (renormalised), in nats. */
  readonly entropy: number;
  /** Attention on each image token, in order. */
  readonly patches: Float32Array;
}

/** Attention of every head of a layer, `[samples][heads]`, from a decoder that reads the given embeddings. */
export async function layerAttention(
  decoder: Decoder,
  inputs: DecoderInputs,
  interventions: readonly Intervention[],
  batch: readonly Encoded[],
  layer: number,
): Promise<HeadAttention[][]> {
  const site = `blocks.${layer}.attn.hook_pattern`;
  const pattern = (await decoder.run(inputs, { taps: [site], interventions }))[site]!;
  const [, heads = 0, queries = 0, keys = 0] = pattern.dims;
  return batch.map((e, row) => {
    const image = Array.from(e.classes.keys()).filter((t) => e.classes[t] === TOKEN_CLASS.image);
    const text = Array.from(e.classes.keys()).filter((t) => t >= e.afterImage && e.classes[t] === TOKEN_CLASS.text);
    return Array.from({ length: heads }, (_, h) => {
      const weight = (q: number, k: number) => pattern.data[((row * heads + h) * queries + q) * keys + k]!;
      let mass = 0;
      let nats = 0;
      const patches = new Float32Array(image.length);
      for (const q of text) {
        const weights = image.map((k) => weight(q, k));
        const sum = weights.reduce((a, b) => a + b, 0);
        for (const [i, w] of weights.entries()) patches[i]! += w / text.length;
        mass += sum / text.length;
        nats += (sum > 0 ? entropy(weights).entropy : Math.log(image.length)) / text.length;
      }
      return { mass, entropy: nats, patches };
    });
  });
}

/** What makes the base read the embeddings that the tuned model reads: the stream that enters its first block is set to them. */
export function sameEmbeddings(
  base: TracedModel,
  inputs: DecoderInputs,
  batch: readonly Encoded[],
): { inputs: DecoderInputs; interventions: Intervention[] } {
  const positions = Math.max(...batch.map((e) => e.ids.length));
  const { dModel, tokens } = base.decoder.anatomy;
  const value = new Float32Array(batch.length * positions * dModel);
  batch.forEach((e, row) => {
    value.set(e.embeds!, row * positions * dModel);
  });
  const { inputs_embeds: _, ...rest } = inputs;
  const ids = new BigInt64Array(batch.length * positions);
  return {
    inputs: { ...rest, [tokens.input]: { type: 'int64', dims: [batch.length, positions], data: ids } },
    interventions: [{ at: 'blocks.0.hook_resid_pre', op: 'set', value: f32(value, [batch.length, positions, dModel]) }],
  };
}
