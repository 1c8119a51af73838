import { f32, i64, type Tensor } from '#graph/tensor.ts';
import type { Anatomy, DecoderInputs } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { type Encoded, TOKEN_CLASS } from './types.ts';

/** Throws `ParallaxError` where a prompt does not hold one image token for each patch. */
export function checkImageTokens(ids: readonly number[], imageToken: number, patches: number): void {
  const found = ids.filter((id) => id === imageToken).length;
  if (found !== patches)
    throw new ParallaxError(
      `the prompt holds ${found} image tokens, the picture has ${patches} patches`,
      'check the chat template and the image token of the model',
    );
}

/** Class of each position: BOS is dropped, image tokens stand where a picture does. */
export function classesOf(ids: readonly number[], bos: number | undefined, imageToken: number | undefined): Uint8Array {
  return Uint8Array.from(ids, (id, position) => {
    if (position === 0 && id === bos) return TOKEN_CLASS.dropped;
    return id === imageToken ? TOKEN_CLASS.image : TOKEN_CLASS.text;
  });
}

/** First position after the last image token, 0 where there is none. */
export const afterImage = (classes: Uint8Array): number => classes.lastIndexOf(TOKEN_CLASS.image) + 1;

/**
 * Puts image features in the place of image tokens, in order.
 * @param embeds `[pos, d]`, changed in place
 * @param features `[patches, d]`, or one row `[d]` for all of them
 */
export function placeFeatures(embeds: Float32Array, classes: Uint8Array, features: Float32Array, d: number): void {
  let patch = 0;
  classes.forEach((kind, position) => {
    if (kind !== TOKEN_CLASS.image) return;
    const from = features.length === d ? 0 : patch * d;
    embeds.set(features.subarray(from, from + d), position * d);
    patch += 1;
  });
}

/** Inputs of one forward pass: samples padded on the right, with the mask that says so. */
export function padBatch(batch: readonly Encoded[], anatomy: Anatomy, pad: number): DecoderInputs {
  const rows = batch.length;
  const length = Math.max(0, ...batch.map(({ ids }) => ids.length));
  const mask = new BigInt64Array(rows * length);
  batch.forEach(({ ids }, row) => {
    mask.fill(1n, row * length, row * length + ids.length);
  });
  return { [anatomy.tokens.input]: padTokens(batch, anatomy, length, pad), attention_mask: i64(mask, [rows, length]) };
}

function padTokens(batch: readonly Encoded[], { tokens, dModel }: Anatomy, length: number, pad: number): Tensor {
  if (tokens.kind === 'ids') {
    const ids = new BigInt64Array(batch.length * length).fill(BigInt(pad));
    batch.forEach((encoded, row) => {
      encoded.ids.forEach((id, at) => {
        ids[row * length + at] = BigInt(id);
      });
    });
    return i64(ids, [batch.length, length]);
  }
  const embeds = new Float32Array(batch.length * length * dModel);
  batch.forEach((encoded, row) => {
    embeds.set(encoded.embeds!, row * length * dModel);
  });
  return f32(embeds, [batch.length, length, dModel]);
}
