import type { Tape } from '../../grad/tape.ts';
import type { AttentionParts } from '../kit.ts';

/** Scaled dot-product attention, everything by head. */
export interface CoreInputs {
  /** `[batch, head, query, dHead]`, rotated */
  readonly q: string;
  /** `[batch, kvHead, key, dHead]`, rotated, with the past */
  readonly k: string;
  /** `[batch, kvHead, key, dValue]` */
  readonly v: string;
  readonly heads: number;
  readonly kvHeads: number;
  /** Factor of the scores; `1/sqrt(dHead)` where absent. */
  readonly scale?: number;
  /** `c tanh(scores / c)` before the mask. */
  readonly softcap?: number;
  /** Added to the scores; what broadcasts to `[batch, head, query, key]`. */
  readonly biases: readonly string[];
  /** Logit of one more key without a value, as what broadcasts to `[batch, head, query, 1]`. */
  readonly sink?: string;
}

/** `1/sqrt(dHead)` as a scalar, read off the graph where the size is unknown. */
function defaultScale(tape: Tape, q: string): string {
  const width = tape.facts.shape(q)?.at(-1);
  if (typeof width === 'number') return tape.scalar(1 / Math.sqrt(width), q);
  const size = tape.pure('Gather', [tape.pure('Shape', [q]), tape.ints([-1])]);
  return tape.pure('Reciprocal', [tape.pure('Sqrt', [tape.pure('CastLike', [size, q])])]);
}

/** Softmax with one more logit that takes weight from the keys and gives nothing. */
function softmaxWithSink(tape: Tape, scores: string, sink: string): string {
  const one = tape.op('Concat', [tape.shapeOf(scores), tape.ints([1])], { axis: 0 });
  const shape = tape.op('Gather', [one, tape.ints([0, 1, 2, 4])], { axis: 0 });
  const column = tape.op('Expand', [sink, shape]);
  const all = tape.op('Softmax', [tape.op('Concat', [scores, column], { axis: 3 })], { axis: -1 });
  return tape.op('Slice', [all, tape.ints([0]), tape.ints([-1]), tape.ints([3])]);
}

/**
 * Scores, weights and weighted values. Heads that share keys are rows of one product, so keys are never copied, and the
 * gradient of shared keys is summed by the product itself. The scale goes to the keys, the smaller operand.
 */
export function attend(tape: Tape, inputs: CoreInputs): Pick<AttentionParts, 'scores' | 'pattern' | 'z'> {
  const { q, heads, kvHeads, scale, softcap, sink } = inputs;
  const grouped = heads !== kvHeads;
  const byKey = tape.ints([0, kvHeads, -1, 0]);
  const dims = tape.facts.shape(q);
  const group = (x: string, width: string | undefined) => (grouped ? tape.op('Reshape', [x, width ?? byKey]) : x);
  const factor = scale === undefined ? defaultScale(tape, q) : tape.scalar(scale, q);
  const scaled = scale === 1 ? inputs.k : tape.op('Mul', [inputs.k, factor]);
  const keys = tape.op('Transpose', [scaled], { perm: [0, 1, 3, 2] });
  const length = dims ? dims[2]! : -1;
  const split = (x: string) => {
    if (!grouped) return x;
    if (typeof length === 'number' && length > 0) return tape.op('Reshape', [x, tape.ints([0, heads, length, -1])]);
    const rows = length === -1 ? tape.pure('Gather', [tape.pure('Shape', [q]), tape.ints([2])]) : tape.dims([length]);
    return tape.op('Reshape', [x, tape.pure('Concat', [tape.ints([0, heads]), rows, tape.ints([-1])], { axis: 0 })]);
  };
  let scores = split(tape.op('MatMul', [group(q, undefined), keys]));
  if (softcap) {
    const cap = tape.scalar(softcap, q);
    scores = tape.op('Mul', [tape.op('Tanh', [tape.op('Div', [scores, cap])]), cap]);
  }
  for (const bias of inputs.biases) scores = tape.op('Add', [scores, bias]);
  const pattern = sink ? softmaxWithSink(tape, scores, sink) : tape.op('Softmax', [scores], { axis: -1 });
  const z = split(tape.op('MatMul', [group(pattern, undefined), inputs.v]));
  return { scores, pattern, z };
}

/** `[batch, pos, head * dHead]` to `[batch, pos, head, dHead]`. */
export const toHeads = (tape: Tape, x: string, heads: number): string =>
  tape.op('Reshape', [x, tape.ints([0, 0, heads, -1])]);

/** `[batch, pos, head, dHead]` to `[batch, head, pos, dHead]`, and back. */
export const swapHeads = (tape: Tape, x: string): string => tape.op('Transpose', [x], { perm: [0, 2, 1, 3] });

/** `[batch, head, pos, dHead]` to `[batch, pos, head * dHead]`. */
export const fromHeads = (tape: Tape, z: string): string =>
  tape.op('Reshape', [swapHeads(tape, z), tape.ints([0, 0, -1])]);
