import type { Figures } from './board.ts';
import type { Work } from './work.ts';

/** Adam on an array of `length` floats at four addresses. */
type AdamAt = (length: number, p: number, m: number, v: number, g: number) => void;

/** Addresses of a feature's gradients, decoder and encoder, and the sum of its activations. */
export interface Gradient {
  readonly dec: number;
  readonly enc: number;
  readonly mass: number;
}

export function adamOf({ kernels, config }: Work, { lr, t }: Pick<Figures, 'lr' | 't'>): AdamAt {
  const { betas, eps } = config.adam;
  const [b1, b2] = betas;
  const rate = lr / (1 - b1 ** t);
  const c2 = 1 / (1 - b2 ** t);
  return (length, p, m, v, g) => kernels.adam(length, p, m, v, g, b1, 1 - b1, b2, 1 - b2, rate, c2, eps);
}

const dot = ({ arena, own, kernels, width }: Work, a: number, b: number): number =>
  kernels.dots(width, 1, arena.at.zero, a, b, own.at.scratch, 1, 0);

/** `|wDec_i|` times the L1 term's slope, which adds to every `df`; 0 without that term. */
export function setShift(work: Work, tokens: number): void {
  const { at, f32 } = work.arena;
  const l1 = (work.config.loss.l1 ?? 0) / tokens;
  f32.shift.fill(0);
  if (l1 === 0) return;
  for (let i = 0; i < work.config.n; i += 1) {
    const row = at['params.wDec'] + 4 * i * work.width;
    f32.shift[i] = l1 * Math.sqrt(dot(work, row, row));
  }
}

/** What a feature's encoder bias takes of the gradient of `bDec`, from the encoder's row before Adam moves it. */
export function pullBias({ arena, kernels, width }: Work, i: number, bias: number): void {
  if (bias !== 0) kernels.blend(width, arena.at['params.wEnc'] + 4 * i * width, arena.at.gBDec, -bias, 1);
}

/** Adam on a feature's rows; the decoder's gradient first takes the L1 term's. Formulas: golden README, `sae-train`. */
export function moveFeature(work: Work, adam: AdamAt, i: number, gradient: Gradient, tokens: number): void {
  const { arena, kernels, config, width } = work;
  const { at, f32 } = arena;
  const { loss, decoder } = config;
  const l1 = (loss.l1 ?? 0) / tokens;
  const offset = 4 * i * width;
  const [dec, enc] = [at['params.wDec'] + offset, at['params.wEnc'] + offset];
  if (l1 > 0 && gradient.mass > 0) {
    const norm = f32.shift[i]! / l1;
    if (norm > 0) kernels.blend(width, dec, gradient.dec, (l1 * gradient.mass) / norm, 1);
  }
  if (decoder.projectGradient) kernels.blend(width, dec, gradient.dec, -dot(work, gradient.dec, dec), 1);
  adam(width, dec, at['m.wDec'] + offset, at['v.wDec'] + offset, gradient.dec);
  adam(width, enc, at['m.wEnc'] + offset, at['v.wEnc'] + offset, gradient.enc);
  if (decoder.unitNorm) kernels.blend(width, at.zero, dec, 0, 1 / Math.sqrt(dot(work, dec, dec)));
}
