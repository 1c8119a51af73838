import type { Gradients } from './gradients.ts';
import { type Block, blocksOf } from './memory.ts';
import type { Products } from './products.ts';
import { bandwidthOf } from './thresholds.ts';
import type { Work } from './work.ts';

/** Rows `[from, from + length)` of an array with one row of `width` floats a feature. */
const rowsOf = (data: Float32Array, { from, length }: Block, width: number): Float32Array =>
  data.subarray(from * width, (from + length) * width);

/** The encoder's product `z [T,n]`, block by block of features. */
export async function encodeTokens({ arena, width, count }: Work, products: Products, tokens: number): Promise<void> {
  const { y, z } = arena.f32;
  for (const block of blocksOf(tokens, count)) {
    const rows = rowsOf(arena.f32['params.wEnc'], block, width);
    await products.run('NT', y, rows, z.subarray(block.offset), [tokens, width, block.length]);
  }
}

/** `f [T,n]` and the error `base - f wDec`; firing counts and sums of `f` by feature. Gives the squares and the entries that fire. */
export async function denseForward(work: Work, products: Products, tokens: number) {
  const { arena, kernels, width, count } = work;
  const { at, f32 } = arena;
  f32.mass.fill(0);
  f32.fired.fill(0);
  const blocks = blocksOf(tokens, count);
  let start = f32.base;
  for (const [b, block] of blocks.entries()) {
    const { from, length, offset } = block;
    const [bias, theta] = [at['params.bEnc'] + 4 * from, at.theta + 4 * from];
    for (let t = 0; t < tokens; t += 1) {
      const row = 4 * (offset + t * length);
      kernels.activate(at.z + row, bias, theta, length, at.f + row, at.mass + 4 * from, at.fired + 4 * from);
    }
    // Two arrays in turn, since a product does not write what it reads; the last is `error`.
    const out = (blocks.length - b) % 2 === 1 ? f32.error : f32.partial;
    const rows = rowsOf(f32['params.wDec'], block, width);
    await products.run('less', f32.f.subarray(offset), rows, out, [tokens, length, width], start);
    start = out;
  }
  let squares = 0;
  for (let row = at.error; row < at.error + 4 * tokens * width; row += 4 * width)
    squares += kernels.combine(width, 0, at.tokenIndex, at.tokenWeight, row, row, row, 1);
  return { squares, entries: f32.fired.reduce((a, b) => a + b, 0) };
}

/** Gradients of a block of features at once by three products: `df`, of the decoder, of the encoder. */
export function denseGradients(work: Work, products: Products, tokens: number, slope: number): Gradients {
  const { arena, kernels, config, width, count } = work;
  const { at, f32 } = arena;
  f32.pull.fill(0, 0, tokens * width);
  kernels.blend(tokens * width, at.error, at.pull, slope, 1);
  for (const name of ['slopes', 'near', 'gBEnc'] as const) f32[name].fill(0);
  const half = config.activation === 'jumprelu' ? bandwidthOf(work) / 2 : 0;

  async function prepare(block: Block): Promise<void> {
    const { from, length, offset } = block;
    await products.run('NT', f32.pull, rowsOf(f32['params.wDec'], block, width), f32.df, [tokens, width, length]);
    const of = (base: number) => base + 4 * from;
    const [bias, theta, shift] = [of(at['params.bEnc']), of(at.theta), of(at.shift)];
    const [sums, slopes, near] = [of(at.gBEnc), of(at.slopes), of(at.near)];
    for (let t = 0; t < tokens; t += 1) {
      const [z, df] = [at.z + 4 * (offset + t * length), at.df + 4 * t * length];
      kernels.passBack(z, bias, theta, half, df, shift, length, sums, slopes, near);
    }
    await products.run('TN', f32.f.subarray(offset), f32.pull, f32.gDecBlock, [length, tokens, width]);
    await products.run('TN', f32.df, f32.y, f32.gEncBlock, [length, tokens, width]);
  }
  return {
    blocks: blocksOf(tokens, count),
    prepare,
    of(feature, { from }) {
      const offset = 4 * (feature - from) * width;
      const [bias, mass] = [f32.gBEnc[feature]!, f32.mass[feature]!];
      return { dec: at.gDecBlock + offset, enc: at.gEncBlock + offset, bias, mass };
    },
  };
}
