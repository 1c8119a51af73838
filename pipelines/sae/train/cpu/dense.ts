import { adamOf, moveFeature, pullBias } from './adam.ts';
import { type Board, type Figures, inTurn, leave } from './board.ts';
import { addEntries } from './entries.ts';
import { type Block, blocksOf, isDense } from './memory.ts';
import type { Products } from './products.ts';
import { bandwidthOf } from './thresholds.ts';
import { readTokens, type Work } from './work.ts';

/** One thread of an engine. Forward it takes some of the tokens, on the way back some of the blocks of features. */
export interface Member {
  readonly work: Work;
  readonly products: Products;
  readonly board: Board;
  readonly index: number;
  readonly size: number;
}

/** Rows `[from, from + length)` of an array with one row of `width` floats. */
const rowsOf = (data: Float32Array, from: number, length: number, width: number): Float32Array =>
  data.subarray(from * width, (from + length) * width);

/** Tokens `[from, to)` of a member. No part but the whole is of one token: such a product would be rounded in another way. */
export function shareOf(tokens: number, { index, size }: Pick<Member, 'index' | 'size'>): readonly [number, number] {
  const part = Math.floor(tokens / size / 16) * 16;
  return [index * part, index === size - 1 ? tokens : (index + 1) * part];
}

/** Tokens `[from, to)` of an array `[T,width]` in its turned one, `[width,T]`: a product is faster on what lies as it is read. */
function turnTokens({ arena, kernels, width }: Work, name: 'y' | 'pull', from: number, to: number, tokens: number) {
  const { at, f32 } = arena;
  const [rows, out] = [f32[name], f32[`${name}Turned`]];
  const whole = to - ((to - from) % 8);
  kernels.turn(at[name] + 4 * from * width, whole - from, width, at[`${name}Turned`] + 4 * from, tokens);
  for (let t = whole; t < to; t += 1) for (let j = 0; j < width; j += 1) out[j * tokens + t] = rows[t * width + j]!;
}

/**
 * Forward on the member's tokens, block by block of features. Encodes: the product `z [T,n]`, and how many entries lie above the limits of
 * a dense choice. Decodes: the error `base - f wDec`, `pull = slope error`, and on how many of the tokens each feature fired. Both in
 * one go reads `z` while it is in the cache.
 */
async function forward(member: Member, { tokens, slope }: Figures, what: { encodes: boolean; decodes: boolean }) {
  const { products, board, index } = member;
  const { arena, own, kernels, config, width, count } = member.work;
  const { at, f32 } = arena;
  const [from, to] = shareOf(tokens, member);
  const rows = to - from;
  const blocks = rows > 0 ? blocksOf(tokens, count) : [];
  const mine = (data: Float32Array) => rowsOf(data, from, rows, width);
  if (what.encodes) readTokens(member.work, from, to);
  if (what.decodes) own.f32.firedHere.fill(0);
  let above = 0;
  let start = f32.base;
  for (const [b, { from: first, length, offset }] of blocks.entries()) {
    const cells = offset + from * length;
    const weights = (name: 'params.wEnc' | 'params.wDec') => rowsOf(f32[name], first, length, width);
    if (what.encodes)
      await products.run('NT', mine(f32.y), weights('params.wEnc'), f32.z.subarray(cells), [rows, width, length]);
    const [bias, theta] = [at['params.bEnc'] + 4 * first, at.theta + 4 * first];
    const [limits, fired] = [at.limits + 4 * first, own.at.firedHere + 4 * first];
    for (let row = 0; row < 4 * rows * length && isDense(config); row += 4 * length) {
      const z = at.z + 4 * cells + row;
      above += what.decodes
        ? kernels.activate(z, bias, theta, limits, length, own.at.f + row, fired)
        : kernels.tally(z, bias, limits, length);
    }
    if (!what.decodes) continue;
    // Two arrays in turn, since a product does not write what it reads; the last is `error`.
    const out = (blocks.length - b) % 2 === 1 ? f32.error : f32.partial;
    await products.run('less', own.f32.f, weights('params.wDec'), mine(out), [rows, length, width], mine(start));
    start = out;
  }
  leave(board, index, above);
  if (!what.decodes || rows === 0) return;
  mine(f32.pull).fill(0);
  kernels.blend(rows * width, at.error + 4 * from * width, at.pull + 4 * from * width, slope, 1);
  for (const name of ['y', 'pull'] as const) turnTokens(member.work, name, from, to, tokens);
}

/** Gradients of a block of features by three products: `df`, of the decoder, of the encoder; sums over tokens by feature. */
async function gradients({ work, products }: Member, block: Block, { tokens }: Figures): Promise<void> {
  const { arena, own, kernels, config, width } = work;
  const { at, f32 } = arena;
  const { from, length, offset } = block;
  const half = config.activation === 'jumprelu' ? bandwidthOf(work) / 2 : 0;
  await products.run('NT', f32.pull, rowsOf(f32['params.wDec'], from, length, width), own.f32.df, [
    tokens,
    width,
    length,
  ]);
  for (const name of ['mass', 'gBEnc', 'slopes', 'near'] as const) f32[name].fill(0, from, from + length);
  const of = (base: number) => base + 4 * from;
  const [bias, theta, shift, mass] = [of(at['params.bEnc']), of(at.theta), of(at.shift), of(at.mass)];
  const [sums, slopes, near] = [of(at.gBEnc), of(at.slopes), of(at.near)];
  for (let t = 0; t < tokens; t += 1) {
    const [z, df, f] = [at.z + 4 * (offset + t * length), own.at.df + 4 * t * length, own.at.f + 4 * t * length];
    kernels.passBack(z, bias, theta, half, df, shift, length, f, mass, sums, slopes, near);
  }
  const pairs = [
    [f32.pullTurned, own.f32.f, own.at.gDecBlock],
    [f32.yTurned, own.f32.df, own.at.gEncBlock],
  ] as const;
  for (const [left, right, out] of pairs) {
    await products.run('NN', left, right, own.f32.gTurned, [width, tokens, length]);
    kernels.turn(own.at.gTurned, width, length, out, width);
  }
}

/** The way back, and Adam while a block's gradients are in the cache. */
async function update(member: Member, figures: Figures): Promise<void> {
  const { board, index, size, work } = member;
  const { own, width, count, config } = work;
  const { mass, gBEnc } = work.arena.f32;
  const { slope, tokens } = figures;
  const adam = adamOf(work, figures);
  const aux = figures.aux * slope * (config.loss.aux?.coefficient ?? 0);
  for (const [b, block] of blocksOf(tokens, count).entries()) {
    if (b % size !== index) continue;
    await gradients(member, block, figures);
    const to = Math.min(config.n, block.from + block.length);
    const rows = (i: number) => {
      const offset = 4 * (i - block.from) * width;
      return { dec: own.at.gDecBlock + offset, enc: own.at.gEncBlock + offset };
    };
    if (aux) for (let i = block.from; i < to; i += 1) gBEnc[i]! += addEntries(work, 'aux', i, aux, rows(i));
    if (config.applyBDec)
      inTurn(board, b, () => {
        for (let i = block.from; i < to; i += 1) pullBias(work, i, gBEnc[i]!);
      });
    for (let i = block.from; i < to; i += 1) moveFeature(work, adam, i, { ...rows(i), mass: mass[i]! }, tokens);
  }
}

/** What a team does together, by name. */
export const PHASES = {
  encode: (member: Member, figures: Figures) => forward(member, figures, { encodes: true, decodes: false }),
  decode: (member: Member, figures: Figures) => forward(member, figures, { encodes: false, decodes: true }),
  encodeAndDecode: (member: Member, figures: Figures) => forward(member, figures, { encodes: true, decodes: true }),
  update,
} as const;
export type Phase = keyof typeof PHASES;
