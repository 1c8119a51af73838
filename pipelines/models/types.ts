import type { Sample } from '../data/sample.ts';
import type { Decoder, DecoderInputs } from '../graph/types.ts';

/** Class of a token position: projected visual token, any other token, or dropped (BOS, padding). */
export const TOKEN_CLASS = { image: 0, text: 1, dropped: 2 } as const;

/** A sample as the decoder reads it. Arrays are indexed by position. */
export interface Encoded {
  readonly sample: Sample;
  /** Token ids; the image token's id where an image embedding stands. */
  readonly ids: Int32Array;
  /** `TOKEN_CLASS` of each position. */
  readonly classes: Uint8Array;
  /** Embeddings `[pos, dModel]` where the decoder takes embeddings (image features already in place). */
  readonly embeds?: Float32Array;
  /** First position after the image tokens; 0 where there is no image. */
  readonly afterImage: number;
}

/** Log-odds of the right answer against its opposite at the first token where they differ. */
export interface ForcedChoice {
  readonly logOdds: number;
  /** The right answer's first token has the largest logit of the whole vocabulary. */
  readonly exact: boolean;
}

/** A model of the pair, open for tracing. */
export interface TracedModel {
  readonly id: string;
  /** sha256 over its files. */
  readonly hash: string;
  readonly sees: boolean;
  readonly decoder: Decoder;
  /** Positions of image tokens as a grid, where the model sees. */
  readonly patches?: {
    readonly rows: number;
    readonly columns: number;
    readonly imageSize: number;
  };
  /**
   * @param options.image `'own'` (default), `'mean'` (the mean embedding of `meanImage` at every image position) or `'none'` (text only)
   * @param options.answer append the sample's answer
   */
  encode(
    sample: Sample,
    options?: {
      readonly image?: 'own' | 'mean' | 'none';
      readonly meanImage?: Float32Array;
      readonly answer?: boolean;
    },
  ): Promise<Encoded>;
  /** Right-padded inputs of one forward pass. */
  inputs(batch: readonly Encoded[]): DecoderInputs;
  /** Image features of samples, `[samples, patches, dModel]` flat. */
  imageFeatures(samples: readonly Sample[]): Promise<Float32Array>;
  /** Final norm and unembedding: direct logit effect of directions `[k, dModel]` -> `[k, vocab]`. */
  unembed(directions: Float32Array): Promise<Float32Array>;
  /** Ids of a text without special tokens. */
  tokenize(text: string): number[];
  /** Text of one token id, with a leading space where it has one. */
  tokenText(id: number): string;
  close(): Promise<void>;
}
