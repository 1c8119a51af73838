import type { NodeProto } from 'onnx-buf';
import type { Flow } from './flow.ts';

/** Where a fused norm keeps the sum that it normalises. */
export interface SkipForm {
  /** The norm without the sum: operator, and which inputs are its scale and shift. */
  readonly norm: 'SimplifiedLayerNormalization' | 'LayerNormalization';
  readonly scale: number;
  readonly shift?: number;
  /** Input that is added to the second operand. */
  readonly bias: number;
  /** Output that holds the sum of operands 0 and 1 and the bias. */
  readonly sum: number;
}

/** Fused residual additions of `com.microsoft`. */
export const SKIP_FORMS: Readonly<Record<string, SkipForm>> = {
  SkipSimplifiedLayerNormalization: { norm: 'SimplifiedLayerNormalization', scale: 2, bias: 3, sum: 3 },
  SkipLayerNormalization: { norm: 'LayerNormalization', scale: 2, shift: 3, bias: 4, sum: 3 },
};

/** One addition of two computed values: a plain `Add`, or the sum inside a fused norm. */
export interface Sum {
  readonly node: NodeProto;
  readonly operands: readonly [string, string];
  /** A constant that the fused node adds to its second operand. */
  readonly bias?: string;
  /** Output of the node that holds the sum; its name may still be absent. */
  readonly output: number;
}

/** The sum whose value, or the norm of whose value, is `value`. A constant operand (a bias) makes no sum. */
export function sumOf(flow: Flow, value: string): Sum | undefined {
  const node = flow.graph.producer(value);
  if (!node) return undefined;
  const [a, b] = node.input;
  if (!a || !b || flow.isConstant(a) || flow.isConstant(b)) return undefined;
  if (node.opType === 'Add') return { node, operands: [a, b], output: 0 };
  const form = SKIP_FORMS[node.opType];
  const at = node.output.indexOf(value);
  if (!form || (at !== 0 && at !== form.sum)) return undefined;
  const bias = node.input[form.bias];
  return { node, operands: [a, b], output: form.sum, ...(bias ? { bias } : {}) };
}

/** Whether `value` is the sum itself, not the norm of it. */
export const isSum = (sum: Sum, value: string): boolean => sum.node.output[sum.output] === value;
