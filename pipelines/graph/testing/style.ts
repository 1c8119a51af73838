/** How a test decoder is built and written. */
export interface DecoderStyle {
  /** `fused`: com.microsoft attention and skip-norms; `standard`: ONNX's own fused operators (opset 23); `plain`: primitives. */
  readonly ops: 'plain' | 'fused' | 'standard';
  readonly norm: 'rms' | 'layer';
  /** Attention and MLP both read the block's input. */
  readonly parallel?: boolean;
  /** A norm of each update before it is added (Gemma 2). */
  readonly postNorm?: boolean;
  /** Queries, keys and values of one product. */
  readonly packed?: boolean;
  /** Norm of queries and keys by head (Qwen3). */
  readonly headNorm?: boolean;
  readonly learnedPositions?: boolean;
  readonly tokens?: 'ids' | 'embeddings';
  readonly softcap?: number;
  /** Positions as rotations of queries and keys. */
  readonly rotary?: boolean;
  /**
   * Masks of minus infinity, and zeros in place of the NaN that a softmax gives where every key is masked, as PyTorch's fused attention is
   * exported: the mask `added` to the scores, or `chosen` in their place.
   */
  readonly guarded?: 'added' | 'chosen';
  /** Keys that a query sees, its own included (Mistral). */
  readonly window?: number;
  /** Biases of queries, keys and values (Qwen2), or of every product (GPT-2). */
  readonly bias?: 'qkv' | 'all';
  /** `relu` where absent. */
  readonly mlp?: 'relu' | 'silu' | 'gelu';
  /** Weights as integers of so many bits: packed in fused graphs, the floats that they stand for in others. */
  readonly bits?: 4 | 8;
}

export const SIZES = { layers: 2, dModel: 32, heads: 2, kvHeads: 1, dHead: 16, vocab: 19, hidden: 24 } as const;
