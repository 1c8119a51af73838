import type { Kernels } from '../wasm/kernels.ts';
import type { TrainConfig } from './config.ts';
import type { StepInput } from './engine.ts';
import { padded, type SparseArena } from './sparse-memory.ts';

export interface Update {
  readonly arena: SparseArena;
  readonly kernels: Kernels;
  readonly config: TrainConfig;
  readonly tokens: number;
  readonly input: StepInput;
}

/** Adam on an array of `length` floats at three addresses. */
type AdamAt = (length: number, p: number, m: number, v: number, g: number) => void;

function adamOf({ kernels, config, input }: Update): AdamAt {
  const { betas, eps } = config.adam;
  const [b1, b2] = betas;
  const rate = input.lr / (1 - b1 ** input.t);
  const c2 = 1 / (1 - b2 ** input.t);
  return (length, p, m, v, g) => kernels.adam(length, p, m, v, g, b1, 1 - b1, b2, 1 - b2, rate, c2, eps);
}

/** Adds one list's part of a feature's gradients to `gDec`, `gEnc`; gives its part of the bias' gradient. */
function addEntries(
  { arena, kernels, config }: Update,
  name: 'main' | 'aux',
  feature: number,
  slope: number,
  shift: number,
): number {
  const { at, u32 } = arena;
  const { width } = padded(config);
  const offsets = u32[`${name}.colOffsets`];
  const from = offsets[feature]!;
  const count = offsets[feature + 1]! - from;
  if (count === 0) return 0;
  const column = (what: 'colToken' | 'colWeight' | 'colSlope') => at[`${name}.${what}`] + 4 * from;
  const [token, weight, slopes] = [column('colToken'), column('colWeight'), column('colSlope')];
  const error = name === 'main' ? at.error : at.left;
  const row = at['params.wDec'] + 4 * feature * width;
  const bias = kernels.dots(width, count, token, error, row, slopes, slope, shift);
  kernels.combine(width, count, token, weight, error, at.gDec, at.gDec, 1);
  kernels.combine(width, count, token, slopes, at.y, at.gEnc, at.gEnc, 1);
  return bias;
}

/** `colWeight = factor colValue`: what a decoder row's gradient takes of each token's error. */
function weigh({ arena, config }: Update, name: 'main' | 'aux', factor: number): void {
  const { f32, u32 } = arena;
  const entries = u32[`${name}.colOffsets`][padded(config).count]!;
  const [weight, value] = [f32[`${name}.colWeight`], f32[`${name}.colValue`]];
  for (let e = 0; e < entries; e += 1) weight[e] = factor * value[e]!;
}

/**
 * Backward pass and Adam, one feature after the other, so that a feature's gradient never leaves the cache. `dL/du^ = -slope error`.
 * Gives the L1 term of the loss. Formulas: golden README, `sae-train`.
 */
export function updateFeatures(update: Update): number {
  const { arena, kernels, config, tokens, input } = update;
  const { at, f32, u32 } = arena;
  const { width } = padded(config);
  const { loss, decoder, n } = { ...config };
  const slope = -2 / input.spread;
  const auxSlope = loss.aux && input.dead ? slope * loss.aux.coefficient : 0;
  const l1 = (loss.l1 ?? 0) / tokens;
  const adam = adamOf(update);
  const dot = (a: number, b: number): number => kernels.dots(width, 1, at.zero, a, b, at.one, 1, 0);
  weigh(update, 'main', slope);
  if (auxSlope) weigh(update, 'aux', auxSlope);
  f32.tokenWeight.fill(slope, 0, tokens);
  kernels.combine(width, tokens, at.tokenIndex, at.tokenWeight, at.error, at.zero, at.gBDec, 1);
  let penalty = 0;

  for (let i = 0; i < n; i += 1) {
    const offset = 4 * i * width;
    const [dec, enc] = [at['params.wDec'] + offset, at['params.wEnc'] + offset];
    const norm = l1 > 0 ? Math.sqrt(dot(dec, dec)) : 0;
    f32.gDec.fill(0);
    f32.gEnc.fill(0);
    let bias = addEntries(update, 'main', i, slope, l1 * norm);
    if (auxSlope) bias += addEntries(update, 'aux', i, auxSlope, 0);
    if (l1 > 0 && norm > 0) {
      let mass = 0;
      for (let e = u32['main.colOffsets'][i]!; e < u32['main.colOffsets'][i + 1]!; e += 1)
        mass += f32['main.colValue'][e]!;
      penalty += l1 * mass * norm;
      kernels.blend(width, dec, at.gDec, (l1 * mass) / norm, 1);
    }
    f32.gBEnc[i] = bias;
    if (config.applyBDec && bias !== 0) kernels.blend(width, enc, at.gBDec, -bias, 1);
    if (decoder.projectGradient) kernels.blend(width, dec, at.gDec, -dot(at.gDec, dec), 1);
    adam(width, dec, at['m.wDec'] + offset, at['v.wDec'] + offset, at.gDec);
    adam(width, enc, at['m.wEnc'] + offset, at['v.wEnc'] + offset, at.gEnc);
    if (decoder.unitNorm) kernels.blend(width, at.zero, dec, 0, 1 / Math.sqrt(dot(dec, dec)));
  }
  const { count } = padded(config);
  adam(count, at['params.bEnc'], at['m.bEnc'], at['v.bEnc'], at.gBEnc);
  adam(width, at['params.bDec'], at['m.bDec'], at['v.bDec'], at.gBDec);
  return penalty;
}
