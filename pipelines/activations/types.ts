/** Token table of a store: one entry a kept token, in the order of the rows. */
export interface TokenTable {
  /** Index into `samples`. */
  readonly sample: Uint32Array;
  readonly position: Uint16Array;
  /** `TOKEN_CLASS`: 0 image, 1 text. */
  readonly class: Uint8Array;
  readonly id: Int32Array;
  /** 1 where the token comes after the image tokens of its sample (text-only samples: 0). */
  readonly afterImage: Uint8Array;
}

export interface StoreMeta {
  readonly dModel: number;
  readonly layers: readonly number[];
  readonly tokens: number;
  readonly dtype: 'float32' | 'float16';
  /** Id of every sample, in order. */
  readonly samples: readonly string[];
}

/** Residual streams after each block (`resid_post`), BOS and padding dropped. */
export interface ActivationStore {
  readonly meta: StoreMeta;
  readonly table: TokenTable;
  /** Rows `[to - from, dModel]` of one layer, as float32. */
  rows(layer: number, from: number, to: number): Promise<Float32Array>;
}
