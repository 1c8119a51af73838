import { adamOf } from './adam.ts';
import type { Figures } from './board.ts';
import { thresholdGradient } from './thresholds.ts';
import type { Work } from './work.ts';

/** `dL/du^` summed over tokens, `slope error`: the gradient of `bDec` before the encoder's part. */
export function startBiases({ arena, kernels, width }: Work, { tokens, slope }: Figures): void {
  const { at, f32 } = arena;
  f32.tokenWeight.fill(slope, 0, tokens);
  kernels.combine(width, tokens, at.tokenIndex, at.tokenWeight, at.error, at.zero, at.gBDec, 1);
}

/** Adam on biases and thresholds, when all features have had their turn. */
export function updateBiases(work: Work, figures: Figures, l0: number): void {
  const { arena, config, width, count } = work;
  const { at } = arena;
  const adam = adamOf(work, figures);
  adam(count, at['params.bEnc'], at['m.bEnc'], at['v.bEnc'], at.gBEnc);
  adam(width, at['params.bDec'], at['m.bDec'], at['v.bDec'], at.gBDec);
  if (config.activation !== 'jumprelu') return;
  thresholdGradient(work, l0, figures.tokens);
  adam(count, at['params.logThreshold'], at['m.logThreshold'], at['v.logThreshold'], at.gThreshold);
}
