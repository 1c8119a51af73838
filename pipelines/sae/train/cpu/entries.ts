import type { Gradients } from './gradients.ts';
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

/** Gradients of one feature after the other from the main list, in arrays that each overwrites. */
export function entryGradients(work: Work, slope: number): Gradients {
  const { arena } = work;
  const { at, f32, u32 } = arena;
  const into = { dec: at.gDec, enc: at.gEnc };
  const sumMass = (work.config.loss.l1 ?? 0) > 0;
  weigh(work, 'main', slope);
  f32.slopes.fill(0);
  return {
    blocks: [{ from: 0, length: work.count, offset: 0 }],
    async prepare() {},
    of(feature) {
      f32.gDec.fill(0);
      f32.gEnc.fill(0);
      let mass = 0;
      if (sumMass)
        for (let e = u32['main.colOffsets'][feature]!; e < u32['main.colOffsets'][feature + 1]!; e += 1)
          mass += f32['main.colValue'][e]!;
      return { ...into, bias: addEntries(work, 'main', feature, slope, into), mass };
    },
  };
}
