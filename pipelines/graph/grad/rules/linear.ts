import { floatAttr, intAttr, stringAttr } from '../../onnx/attributes.ts';
import { lastExchanged } from '../../onnx/axes.ts';
import type { Dim } from '../../onnx/build.ts';
import { broadcastShapes } from '../../shape/rules/kit.ts';
import { type Rule, type RuleContext, rule } from '../rule.ts';

/** A forward value with its last two axes exchanged. */
const flip = (c: RuleContext, x: string): string =>
  c.tape.pure('Transpose', [x], { perm: lastExchanged(c.shape(x).length) });

/** `x * factor` for a constant factor. */
const scaled = (c: RuleContext, x: string, factor: number) =>
  factor === 1 ? x : c.tape.op('Mul', [x, c.tape.scalar(factor, c.node.output[0]!)]);

/**
 * `y = a b` over NumPy batches. The cotangent with its leading axis is one long batch, so a weight `b` meets all K
 * metrics in one product `[K batch pos, out] x [out, in]`. A vector operand is a matrix with one row or column.
 */
const matmul = rule((c) => {
  const { tape, node } = c;
  const [a, b] = node.input as [string, string];
  const [row, column] = [c.shape(a).length === 1, c.shape(b).length === 1];
  const a2 = row ? tape.pure('Unsqueeze', [a, tape.ints([0])]) : a;
  const b2 = column ? tape.pure('Unsqueeze', [b, tape.ints([1])]) : b;
  if (!c.wants(1) && !row && !column && rowwise(c, b)) return;
  let g = c.cotangent();
  if (column) g = tape.op('Unsqueeze', [g, tape.ints([-1])]);
  if (row) g = tape.op('Unsqueeze', [g, tape.ints([-2])]);
  const [sa, sb] = [c.shape(a2), c.shape(b2)];
  const batch = broadcastShapes(tape.facts, [sa.slice(0, -2), sb.slice(0, -2)])!;
  if (c.wants(0)) {
    const grad = c.unbroadcast(tape.op('MatMul', [g, flip(c, b2)]), [...batch, ...sa.slice(-2)], a2);
    c.give(0, row ? tape.op('Squeeze', [grad, tape.ints([-2])]) : grad);
  }
  if (!c.wants(1)) return;
  const grad = sb.length === 2 && sa.length > 2 ? weightGrad(c, a2, g, sb) : tape.op('MatMul', [flip(c, a2), g]);
  const whole = sb.length === 2 && sa.length > 2 ? grad : c.unbroadcast(grad, [...batch, ...sb.slice(-2)], b2);
  c.give(1, column ? tape.op('Squeeze', [whole, tape.ints([-1])]) : whole);
});

/**
 * A weight meets the cotangent before a factor that is one number a row: the product of a few rows is then not
 * multiplied out to the batch first. Whether this was so.
 */
function rowwise(c: RuleContext, b: string): boolean {
  const { base, factor } = c.parts();
  const { facts } = c.tape;
  const [wide, column] = [facts.shape(base), factor && facts.shape(factor)];
  if (!wide || c.shape(b).length !== 2 || !column || column.at(-1) !== 1 || wide.length < 2) return false;
  c.give(0, c.tape.op('MatMul', [base, flip(c, b)]), factor);
  return true;
}

/** `a^T g` summed over the batch in one product of matrices, where all of the batch met one weight `[width, out]`. */
function weightGrad(c: RuleContext, a: string, g: string, [width, out]: readonly Dim[]): string {
  const { tape } = c;
  const rows = tape.pure('Reshape', [a, tape.dims([-1, width!])]);
  const long = tape.op('Reshape', [g, tape.dims([...c.lead.map(() => 0), -1, out!])]);
  return tape.op('MatMul', [flip(c, rows), long]);
}

/** A cotangent of a matrix, transposed. */
const flipGrad = (c: RuleContext, g: string) =>
  c.tape.op('Transpose', [g], { perm: c.lead.length ? [0, 2, 1] : [1, 0] });

/** `y = alpha A' B' + beta C` of matrices, `'` an optional transposition. */
const gemm = rule((c) => {
  const { tape, node } = c;
  const [a, b, bias] = node.input as [string, string, string?];
  const [ta, tb] = [intAttr(node, 'transA', 0) === 1, intAttr(node, 'transB', 0) === 1];
  if (bias && c.wants(2)) {
    const grad = c.unbroadcast(c.cotangent(), c.shape(node.output[0]!), bias);
    c.give(2, scaled(c, grad, floatAttr(node, 'beta', 1)));
  }
  if (!c.wants(0) && !c.wants(1)) return;
  const g = scaled(c, c.cotangent(), floatAttr(node, 'alpha', 1));
  if (c.wants(0)) {
    const grad = tape.op('MatMul', [g, tb ? b : flip(c, b)]);
    c.give(0, ta ? flipGrad(c, grad) : grad);
  }
  if (c.wants(1)) {
    const grad = tape.op('MatMul', [ta ? a : flip(c, a), g]);
    c.give(1, tb ? flipGrad(c, grad) : grad);
  }
});

/** Letters that an equation may use. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Sums of products with an explicit result: the gradient of an operand is the same sum with the result in its place. */
const einsum = rule((c) => {
  const { tape, node } = c;
  const equation = stringAttr(node, 'equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const parts = left.split(',');
  if (right === undefined || equation.includes('.')) c.refuse('its equation has an ellipsis or no result');
  if (parts.some((p) => new Set(p).size < p.length)) c.refuse('its equation takes a diagonal');
  const extra = c.lead.length ? [...LETTERS].find((l) => !equation.includes(l))! : '';
  const g = c.cotangent();
  for (const [i, part] of parts.entries()) {
    if (!c.wants(i)) continue;
    const others = parts.filter((_, j) => j !== i);
    const known = [...part].filter((l) => right!.includes(l) || others.some((o) => o.includes(l))).join('');
    const operands = [extra + right, ...others].join(',');
    const inputs = [g, ...node.input.filter((_, j) => j !== i)];
    const grad = tape.op('Einsum', inputs, { equation: `${operands}->${extra}${known}` });
    const summed = [...part].flatMap((l, axis) => (known.includes(l) ? [] : [axis + extra.length]));
    const wide = summed.length ? tape.op('Unsqueeze', [grad, tape.ints(summed)]) : grad;
    c.give(i, summed.length ? tape.op('Expand', [wide, tape.shapeOf(node.input[i]!, c.lead)]) : wide);
  }
});

/** Products of matrices. */
export const LINEAR: Readonly<Record<string, Rule>> = { MatMul: matmul, Gemm: gemm, Einsum: einsum };
