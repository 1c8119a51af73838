import type { StepInput } from '../engine.ts';
import { addEntries, weigh } from './entries.ts';
import type { Gradient, Gradients } from './gradients.ts';
import { thresholdGradient } from './thresholds.ts';
import type { Work } from './work.ts';

/** Adam on an array of `length` floats at four addresses. */
type AdamAt = (length: number, p: number, m: number, v: number, g: number) => void;

function adamOf({ kernels, config }: Work, { lr, t }: StepInput): AdamAt {
  const { betas, eps } = config.adam;
  const [b1, b2] = betas;
  const rate = lr / (1 - b1 ** t);
  const c2 = 1 / (1 - b2 ** t);
  return (length, p, m, v, g) => kernels.adam(length, p, m, v, g, b1, 1 - b1, b2, 1 - b2, rate, c2, eps);
}

/** `|wDec_i|` times the L1 term's slope, which adds to every `df`; 0 without that term. */
export function setShift({ arena, kernels, config, width }: Work, tokens: number): void {
  const { at, f32 } = arena;
  const l1 = (config.loss.l1 ?? 0) / tokens;
  f32.shift.fill(0);
  if (l1 === 0) return;
  for (let i = 0; i < config.n; i += 1) {
    const row = at['params.wDec'] + 4 * i * width;
    f32.shift[i] = l1 * Math.sqrt(kernels.dots(width, 1, at.zero, row, row, at.scratch, 1, 0));
  }
}

/**
 * The way back and Adam, one feature after the other, so that a feature's rows stay in the cache. `dL/du^ = slope error`,
 * `slope = -2 / spread`. Gives the L1 term of the loss. Formulas: golden README, `sae-train`.
 */
export async function updateFeatures(
  work: Work,
  step: {
    readonly tokens: number;
    readonly l0: number;
    readonly slope: number;
    readonly input: StepInput;
    readonly gradients: Gradients;
  },
): Promise<number> {
  const { tokens, l0, slope, input, gradients } = step;
  const { arena, kernels, config, width, count } = work;
  const { at, f32 } = arena;
  const { loss, decoder, n } = config;
  const auxSlope = loss.aux && input.dead ? slope * loss.aux.coefficient : 0;
  const l1 = (loss.l1 ?? 0) / tokens;
  const adam = adamOf(work, input);
  const dot = (a: number, b: number): number => kernels.dots(width, 1, at.zero, a, b, at.scratch, 1, 0);
  if (auxSlope) weigh(work, 'aux', auxSlope);
  f32.tokenWeight.fill(slope, 0, tokens);
  kernels.combine(width, tokens, at.tokenIndex, at.tokenWeight, at.error, at.zero, at.gBDec, 1);
  let penalty = 0;

  const updateFeature = (i: number, gradient: Gradient): void => {
    const offset = 4 * i * width;
    const [dec, enc] = [at['params.wDec'] + offset, at['params.wEnc'] + offset];
    const bias = gradient.bias + (auxSlope ? addEntries(work, 'aux', i, auxSlope, gradient) : 0);
    if (l1 > 0 && gradient.mass > 0) {
      penalty += f32.shift[i]! * gradient.mass;
      const norm = f32.shift[i]! / l1;
      if (norm > 0) kernels.blend(width, dec, gradient.dec, (l1 * gradient.mass) / norm, 1);
    }
    f32.gBEnc[i] = bias;
    if (config.applyBDec && bias !== 0) kernels.blend(width, enc, at.gBDec, -bias, 1);
    if (decoder.projectGradient) kernels.blend(width, dec, gradient.dec, -dot(gradient.dec, dec), 1);
    adam(width, dec, at['m.wDec'] + offset, at['v.wDec'] + offset, gradient.dec);
    adam(width, enc, at['m.wEnc'] + offset, at['v.wEnc'] + offset, gradient.enc);
    if (decoder.unitNorm) kernels.blend(width, at.zero, dec, 0, 1 / Math.sqrt(dot(dec, dec)));
  };
  for (const block of gradients.blocks) {
    await gradients.prepare(block);
    const to = Math.min(n, block.from + block.length);
    for (let i = block.from; i < to; i += 1) updateFeature(i, gradients.of(i, block));
  }
  adam(count, at['params.bEnc'], at['m.bEnc'], at['v.bEnc'], at.gBEnc);
  adam(width, at['params.bDec'], at['m.bDec'], at['v.bDec'], at.gBDec);
  if (config.activation !== 'jumprelu') return penalty;
  thresholdGradient(work, l0, tokens);
  adam(count, at['params.logThreshold'], at['m.logThreshold'], at['v.logThreshold'], at.gThreshold);
  return penalty;
}
