import { sizeOf } from '#graph/tensor.ts';

/** A Llama-shaped decoder with grouped key-value heads, RMS norms, rotary positions and tied embeddings. */
export interface DecoderShape {
  readonly vocab: number;
  readonly d: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly hidden: number;
  readonly ropeTheta: number;
  readonly eps: number;
}

/** A SigLIP-shaped encoder: patches, learnt positions, pre-norm blocks, its last state after the norm. */
export interface EncoderShape {
  readonly d: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly image: number;
  readonly patch: number;
  readonly eps: number;
}

export const gridOf = ({ image, patch }: EncoderShape): number => image / patch;
export const patchesOf = (shape: EncoderShape): number => gridOf(shape) ** 2;
export const patchPixels = ({ patch }: EncoderShape): number => 3 * patch * patch;

/** Parameter name (Hugging Face's) -> its dimensions, `[out, in]` for a linear map. */
export type ParameterTable = Readonly<Record<string, readonly number[]>>;

/** Parameters of a decoder. */
export function decoderTable(s: DecoderShape): ParameterTable {
  const table: Record<string, readonly number[]> = { 'model.embed_tokens.weight': [s.vocab, s.d] };
  for (let layer = 0; layer < s.layers; layer += 1) {
    const at = `model.layers.${layer}`;
    Object.assign(table, {
      [`${at}.input_layernorm.weight`]: [s.d],
      [`${at}.self_attn.q_proj.weight`]: [s.heads * s.dHead, s.d],
      [`${at}.self_attn.k_proj.weight`]: [s.kvHeads * s.dHead, s.d],
      [`${at}.self_attn.v_proj.weight`]: [s.kvHeads * s.dHead, s.d],
      [`${at}.self_attn.o_proj.weight`]: [s.d, s.heads * s.dHead],
      [`${at}.post_attention_layernorm.weight`]: [s.d],
      [`${at}.mlp.gate_proj.weight`]: [s.hidden, s.d],
      [`${at}.mlp.up_proj.weight`]: [s.hidden, s.d],
      [`${at}.mlp.down_proj.weight`]: [s.d, s.hidden],
    });
  }
  return { ...table, 'model.norm.weight': [s.d] };
}

export const VISION = 'vision_tower.vision_model';
const linear = (name: string, out: number, into: number): ParameterTable => ({
  [`${name}.weight`]: [out, into],
  [`${name}.bias`]: [out],
});
const norm = (name: string, d: number): ParameterTable => ({ [`${name}.weight`]: [d], [`${name}.bias`]: [d] });

/** Parameters of an encoder. */
export function encoderTable(s: EncoderShape): ParameterTable {
  const blocks = Array.from({ length: s.layers }, (_, layer) => {
    const at = `${VISION}.encoder.layers.${layer}`;
    return {
      ...norm(`${at}.layer_norm1`, s.d),
      ...linear(`${at}.self_attn.q_proj`, s.d, s.d),
      ...linear(`${at}.self_attn.k_proj`, s.d, s.d),
      ...linear(`${at}.self_attn.v_proj`, s.d, s.d),
      ...linear(`${at}.self_attn.out_proj`, s.d, s.d),
      ...norm(`${at}.layer_norm2`, s.d),
      ...linear(`${at}.mlp.fc1`, s.hidden, s.d),
      ...linear(`${at}.mlp.fc2`, s.d, s.hidden),
    };
  });
  return Object.assign(
    {
      [`${VISION}.embeddings.patch_embedding.weight`]: [s.d, 3, s.patch, s.patch],
      [`${VISION}.embeddings.patch_embedding.bias`]: [s.d],
      [`${VISION}.embeddings.position_embedding.weight`]: [patchesOf(s), s.d],
    },
    ...blocks,
    norm(`${VISION}.post_layernorm`, s.d),
  );
}

export const PROJECTOR = 'multi_modal_projector';

/** Parameters of the two-layer projector from the encoder's width to the decoder's. */
export const projectorTable = (encoder: EncoderShape, decoder: DecoderShape): ParameterTable => ({
  ...linear(`${PROJECTOR}.linear_1`, decoder.d, encoder.d),
  ...linear(`${PROJECTOR}.linear_2`, decoder.d, decoder.d),
});

/** Linear read-outs of every patch that the encoder learns by; they are no part of the model. */
export const labelTable = (s: EncoderShape, classes: { things: number; grounds: number }): ParameterTable => ({
  ...linear('heads.thing', classes.things + 1, s.d),
  ...linear('heads.size', 3, s.d),
  ...linear('heads.ground', classes.grounds, s.d),
  ...linear('heads.place', 2, s.d),
});

export const sizeOfTable = (table: ParameterTable): number =>
  Object.values(table).reduce((sum, dims) => sum + sizeOf(dims), 0);
