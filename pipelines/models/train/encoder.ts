import { type Kit, type Named, need } from './kit.ts';
import { type EncoderShape, gridOf, PROJECTOR, patchesOf, patchPixels, VISION } from './shapes.ts';

const norm = (k: Kit, p: Named, name: string, x: string, eps: number) =>
  k.g.op('LayerNormalization', [x, need(p, `${name}.weight`), need(p, `${name}.bias`)], {
    axis: -1,
    epsilon: { float: eps },
  });

const linear = (k: Kit, p: Named, name: string, x: string) =>
  k.linear(x, need(p, `${name}.weight`), need(p, `${name}.bias`));

/** Patches `[rows * patches, 3 * patch * patch]` of pixels `[rows, 3, image, image]`, as a convolution reads them. */
function unfold(k: Kit, s: EncoderShape, rows: number, pixels: string): string {
  const n = gridOf(s);
  const cut = k.reshape(pixels, rows, 3, n, s.patch, n, s.patch);
  return k.reshape(k.transpose(cut, 0, 2, 4, 1, 3, 5), rows * n * n, patchPixels(s));
}

function attention(k: Kit, s: EncoderShape, rows: number, p: Named, at: string, x: string): string {
  const [n, width] = [patchesOf(s), s.d / s.heads];
  const heads = (name: string, ...perm: number[]) =>
    k.transpose(k.reshape(linear(k, p, `${at}.${name}_proj`, x), rows, n, s.heads, width), ...perm);
  const q = k.times(heads('q', 0, 2, 1, 3), width ** -0.5);
  const pattern = k.softmax(k.matmul(q, heads('k', 0, 2, 3, 1)));
  const z = k.transpose(k.matmul(pattern, heads('v', 0, 2, 1, 3)), 0, 2, 1, 3);
  return linear(k, p, `${at}.out_proj`, k.reshape(z, rows * n, s.d));
}

/**
 * The last state of the encoder after its norm, `[rows * patches, d]`.
 * @param pixels `[rows, 3, image, image]`, normalised to -1..1
 */
export function encoder(k: Kit, s: EncoderShape, rows: number, p: Named, pixels: string): string {
  const n = patchesOf(s);
  const weight = k.reshape(need(p, `${VISION}.embeddings.patch_embedding.weight`), s.d, patchPixels(s));
  const patches = k.linear(unfold(k, s, rows, pixels), weight, need(p, `${VISION}.embeddings.patch_embedding.bias`));
  const placed = k.add(k.reshape(patches, rows, n, s.d), need(p, `${VISION}.embeddings.position_embedding.weight`));
  let x = k.reshape(placed, rows * n, s.d);
  for (let layer = 0; layer < s.layers; layer += 1) {
    const at = `${VISION}.encoder.layers.${layer}`;
    x = k.add(x, attention(k, s, rows, p, `${at}.self_attn`, norm(k, p, `${at}.layer_norm1`, x, s.eps)));
    const h = linear(k, p, `${at}.mlp.fc1`, norm(k, p, `${at}.layer_norm2`, x, s.eps));
    x = k.add(x, linear(k, p, `${at}.mlp.fc2`, k.g.op('Gelu', [h], { approximate: 'tanh' })));
  }
  return norm(k, p, `${VISION}.post_layernorm`, x, s.eps);
}

/** Image features in the decoder's space, `[n, d]`, of encoder states `[n, dEncoder]`. */
export function projector(k: Kit, p: Named, states: string): string {
  const h = k.g.op('Gelu', [linear(k, p, `${PROJECTOR}.linear_1`, states)], { approximate: 'none' });
  return linear(k, p, `${PROJECTOR}.linear_2`, h);
}

/** A linear read-out of every patch. */
export const readout = (k: Kit, p: Named, name: string, states: string): string =>
  linear(k, p, `heads.${name}`, states);
