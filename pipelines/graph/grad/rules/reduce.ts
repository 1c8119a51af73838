import { intAttr, intsAttr } from '../../onnx/attributes.ts';
import { type Rule, type RuleContext, rule, stop } from '../rule.ts';

/** Reduced axes of a forward value, non-negative; all where the node names none. */
function axesOf(c: RuleContext): number[] {
  const rank = c.shape(c.node.input[0]!).length;
  const value = c.node.input[1];
  const axes = value ? c.tape.facts.ints(value)?.map(Number) : intsAttr(c.node, 'axes');
  if (value && !axes) c.refuse('its axes are not constant');
  if (!axes?.length) return intAttr(c.node, 'noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, i) => i);
  return axes.map((a) => (a < 0 ? a + rank : a));
}

/** A reduction's result or its cotangent with the reduced axes kept as 1, so that it broadcasts to the input. */
function keep(c: RuleContext, value: string, shift: number): string {
  const axes = axesOf(c);
  if (intAttr(c.node, 'keepdims', 1) === 1 || axes.length === 0) return value;
  return c.tape.pure('Unsqueeze', [value, c.tape.ints(axes.map((a) => a + shift))]);
}

/** A rule from the factor `dy/dx`, in terms of input `x` and kept result `y`. */
const reduction = (factor: (c: RuleContext, x: string, y: string) => string | undefined): Rule =>
  rule(
    (c) => {
      const y = keep(c, c.node.output[0]!, 0);
      c.give(0, keep(c, c.cotangent(), c.lead.length), factor(c, c.node.input[0]!, y));
    },
    [0],
  );

/** A mean shares its cotangent before it is spread: there it has fewer elements. */
const mean = rule((c) => c.give(0, keep(c, c.cotangent(0, share(c, c.node.input[0]!)), c.lead.length)), [0]);

/** One over the number of elements that one result sums. */
function share(c: RuleContext, x: string): string {
  const { tape } = c;
  const dims = axesOf(c).map((a) => c.shape(x)[a]!);
  if (dims.every((d) => typeof d === 'number')) return tape.scalar(1 / dims.reduce((a, b) => a * b, 1), x);
  const count = tape.op('ReduceProd', [tape.dims(dims)], { keepdims: 0 });
  return tape.op('Reciprocal', [tape.op('CastLike', [count, x])]);
}

/** Equal extremes share the gradient. */
function winners(c: RuleContext, x: string, y: string): string {
  const { tape } = c;
  const wins = tape.pure('CastLike', [tape.pure('Equal', [x, y]), x]);
  const ties = tape.op('ReduceSum', [wins, tape.ints(axesOf(c))], { keepdims: 1 });
  return tape.pure('Div', [wins, ties]);
}

/** Sums, means, norms and extremes over axes. */
export const REDUCE: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction(() => undefined),
  ReduceMean: mean,
  ReduceSumSquare: reduction((c, x) => c.tape.pure('Mul', [x, c.tape.scalar(2, x)])),
  ReduceL1: reduction((c, x) => c.tape.pure('Sign', [x])),
  ReduceL2: reduction((c, x, y) => c.tape.pure('Div', [x, y])),
  ReduceProd: reduction((c, x, y) => c.tape.pure('Div', [y, x])),
  ReduceLogSum: reduction((c, _, y) => c.tape.pure('Exp', [c.tape.pure('Neg', [y])])),
  ReduceLogSumExp: reduction((c, x, y) => c.tape.pure('Exp', [c.tape.pure('Sub', [x, y])])),
  ReduceMax: reduction(winners),
  ReduceMin: reduction(winners),
  ArgMax: stop('integer'),
  ArgMin: stop('integer'),
};
