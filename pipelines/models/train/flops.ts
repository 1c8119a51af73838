import type { Extent } from './decoder.ts';
import { type DecoderShape, type EncoderShape, patchesOf, patchPixels } from './shapes.ts';

/** A step costs a forward pass, and twice that backward, where weights are moved. */
const FORWARD_AND_BACKWARD = 3;

/** Floating-point operations of one training step of a decoder, with `asked` rows unembedded; products alone are counted. */
export function decoderStepFlops(s: DecoderShape, { rows, length }: Extent, asked: number): number {
  const block = s.d * s.dHead * (2 * s.heads + 2 * s.kvHeads) + 3 * s.d * s.hidden;
  const attention = 2 * s.heads * s.dHead * length;
  const tokens = rows * length;
  return FORWARD_AND_BACKWARD * 2 * (tokens * s.layers * (block + attention) + asked * s.d * s.vocab);
}

/** The same of a forward pass of an encoder. */
export function encoderFlops(s: EncoderShape, rows: number): number {
  const n = patchesOf(s);
  const block = 4 * s.d * s.d + 2 * s.d * s.hidden + 2 * s.d * n;
  return 2 * rows * n * (s.layers * block + patchPixels(s) * s.d);
}

export const encoderStepFlops = (s: EncoderShape, rows: number): number => FORWARD_AND_BACKWARD * encoderFlops(s, rows);
