import { adamOf, moveFeature, pullBias } from './adam.ts';
import type { Figures } from './board.ts';
import type { ListName } from './memory.ts';
import type { Work } from './work.ts';

/** Adds one list's part of a feature's gradients at `dec` and `enc`; gives its part of the bias' gradient. */
export function addEntries(
  { arena, kernels, config, width }: Work,
  name: ListName,
  feature: number,
  slope: number,
  into: { readonly dec: number; readonly enc: number },
): number {
  const { at, f32, u32 } = arena;
  const offsets = u32[`${name}.colOffsets`];
  const from = offsets[feature]!;
  const to = offsets[feature + 1]!;
  if (to === from) return 0;
  const column = (what: 'colToken' | 'colWeight' | 'colSlope') => at[`${name}.${what}`] + 4 * from;
  const [token, weight, slopes] = [column('colToken'), column('colWeight'), column('colSlope')];
  const error = name === 'main' ? at.error : at.left;
  const row = at['params.wDec'] + 4 * feature * width;
  const shift = name === 'main' ? f32.shift[feature]! : 0;
  let bias = kernels.dots(width, to - from, token, error, row, slopes, slope, shift);
  if (name === 'main' && config.activation === 'jumprelu') bias = passThreshold(arena, feature, from, to);
  kernels.combine(width, to - from, token, weight, error, into.dec, into.dec, 1);
  kernels.combine(width, to - from, token, slopes, at.y, into.enc, into.enc, 1);
  return bias;
}

/** JumpReLU: slopes in the rectangle are summed for the threshold, those below it stop there. Gives the sum of the others. */
function passThreshold({ f32 }: Work['arena'], feature: number, from: number, to: number): number {
  const [slopes, near, value] = [f32['main.colSlope'], f32['main.colNear'], f32['main.colValue']];
  let [passed, band] = [0, 0];
  for (let e = from; e < to; e += 1) {
    if (near[e]) band += slopes[e]!;
    if (value[e]! > 0) passed += slopes[e]!;
    else slopes[e] = 0;
  }
  f32.slopes[feature] = band;
  return passed;
}

/** `colWeight = factor colValue`: what a decoder row's gradient takes of each token's error. */
export function weigh({ arena, count }: Work, name: ListName, factor: number): void {
  const { f32, u32 } = arena;
  const entries = u32[`${name}.colOffsets`][count]!;
  const [weight, value] = [f32[`${name}.colWeight`], f32[`${name}.colValue`]];
  for (let e = 0; e < entries; e += 1) weight[e] = factor * value[e]!;
}

/** The way back and Adam by the entries of the lists, one feature after the other, so that its rows stay in the cache. Gives the L1 term. */
export function updateByEntries(work: Work, figures: Figures): number {
  const { arena, config } = work;
  const { at, f32, u32 } = arena;
  const { slope, tokens } = figures;
  const rows = { dec: at.gDec, enc: at.gEnc };
  const aux = figures.aux * slope * (config.loss.aux?.coefficient ?? 0);
  const sumMass = (config.loss.l1 ?? 0) > 0;
  const adam = adamOf(work, figures);
  const [offsets, value] = [u32['main.colOffsets'], f32['main.colValue']];
  weigh(work, 'main', slope);
  f32.slopes.fill(0);
  let penalty = 0;
  for (let i = 0; i < config.n; i += 1) {
    f32.gDec.fill(0);
    f32.gEnc.fill(0);
    let mass = 0;
    if (sumMass) for (let e = offsets[i]!; e < offsets[i + 1]!; e += 1) mass += value[e]!;
    const bias = addEntries(work, 'main', i, slope, rows) + (aux ? addEntries(work, 'aux', i, aux, rows) : 0);
    f32.gBEnc[i] = bias;
    if (config.applyBDec) pullBias(work, i, bias);
    moveFeature(work, adam, i, { ...rows, mass }, tokens);
    penalty += f32.shift[i]! * mass;
  }
  return penalty;
}
