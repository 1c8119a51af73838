import type { Products } from './products.ts';
import { bandwidthOf } from './thresholds.ts';
import type { Gradient } from './update.ts';
import type { Work } from './work.ts';

/** `f [T,n]` and the error `base - f wDec`; firing counts and sums of `f` by feature. Gives the squares and the entries that fire. */
export async function denseForward(work: Work, products: Products, tokens: number) {
  const { arena, kernels, width, count } = work;
  const { at, f32 } = arena;
  f32.mass.fill(0);
  f32.fired.fill(0);
  for (let t = 0; t < tokens; t += 1) {
    const row = 4 * t * count;
    kernels.activate(at.z + row, at['params.bEnc'], at.theta, count, at.f + row, at.mass, at.fired);
  }
  await products.run('NN', f32.f, f32['params.wDec'], f32.decoded, [tokens, count, width]);
  f32.one[0] = 1;
  let squares = 0;
  for (let t = 0; t < tokens; t += 1) {
    const row = 4 * t * width;
    squares += kernels.combine(width, 1, at.tokenIndex + 4 * t, at.one, at.decoded, at.base + row, at.error + row, -1);
  }
  return { squares, entries: f32.fired.reduce((a, b) => a + b, 0) };
}

/** Gradients of all features at once by three products: `df`, of the decoder, of the encoder. */
export async function denseGradients(
  work: Work,
  products: Products,
  tokens: number,
  slope: number,
): Promise<(feature: number) => Gradient> {
  const { arena, kernels, config, width, count } = work;
  const { at, f32 } = arena;
  f32.pull.fill(0, 0, tokens * width);
  kernels.blend(tokens * width, at.error, at.pull, slope, 1);
  await products.run('NT', f32.pull, f32['params.wDec'], f32.df, [tokens, width, count]);
  for (const name of ['slopes', 'near', 'gBEnc'] as const) f32[name].fill(0);
  const half = bandwidthOf(work) / 2;
  const bias = at['params.bEnc'];
  for (let t = 0; t < tokens; t += 1) {
    const row = 4 * t * count;
    if (config.activation === 'jumprelu')
      kernels.band(at.z + row, bias, at.theta, half, at.df + row, at.shift, count, at.slopes, at.near);
    kernels.pass(at.df + row, at.f + row, at.shift, count, at.gBEnc);
  }
  await products.run('TN', f32.f, f32.pull, f32.gDecAll, [count, tokens, width]);
  await products.run('TN', f32.df, f32.y, f32.gEncAll, [count, tokens, width]);
  return (feature) => {
    const offset = 4 * feature * width;
    return { dec: at.gDecAll + offset, enc: at.gEncAll + offset, bias: f32.gBEnc[feature]!, mass: f32.mass[feature]! };
  };
}
