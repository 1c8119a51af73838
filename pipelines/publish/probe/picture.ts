import { f32, type Tensor } from '#graph/tensor.ts';
import type { LiveIndex, LivePicture } from '#release/probe/live.ts';

/**
 * A picture as the vision encoder reads it, `[1, 3, side, side]`: `(value * rescale - mean) / std`, each step rounded to
 * float32 as transformers.js does. The scene has the encoder's own size, so nothing is resized.
 */
export function pixelValues({ width, height, data }: LivePicture, { picture }: LiveIndex): Tensor<'float32'> {
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (let c = 0; c < 3; c += 1)
    for (let i = 0; i < area; i += 1) {
      const value = Math.fround(picture.rescale * data[3 * i + c]!);
      out[c * area + i] = (value - picture.mean[c]!) / picture.std[c]!;
    }
  return f32(out, [1, 3, height, width]);
}
