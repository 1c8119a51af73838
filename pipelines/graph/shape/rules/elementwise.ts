import { intAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import { add, div, mul, sub } from '../dim.ts';
import { axesOf, axisOf, broadcastShapes, isNumbers, list, one, type ShapeRule } from './kit.ts';

const ARITHMETIC: Record<string, (a: Dim, b: Dim) => Dim | undefined> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: (a, b) => (typeof a === 'number' && typeof b === 'number' && b !== 0 ? Math.trunc(a / b) : div(a, b)),
  Equal: (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? Number(a === b) : a === b ? 1 : b === -1 ? 0 : undefined,
  Max: (a, b) => extreme(Math.max, a, b),
  Min: (a, b) => extreme(Math.min, a, b),
};

/** Of a number up to 0 and a sum of sizes the latter is the larger. */
function extreme(of: (a: number, b: number) => number, a: Dim, b: Dim): Dim | undefined {
  if (typeof a === 'number' && typeof b === 'number') return of(a, b);
  if (a === b) return a;
  const [number, symbol] = typeof a === 'number' ? [a, b] : [b, a];
  if (typeof number !== 'number' || number > 0 || typeof symbol !== 'string' || symbol.includes('-')) return undefined;
  return of === Math.max ? symbol : number;
}
/** Operators whose result, where it cannot be told, is a size of its own. */
const OPAQUE = new Set(['Div', 'Max', 'Min']);

const broadcast: ShapeRule = (node, facts) => {
  const shape = broadcastShapes(
    facts,
    node.input.map((v) => facts.shape(v)),
  );
  const rule = ARITHMETIC[node.opType];
  const [a, b] = node.input.map((v) => facts.ints(v));
  if (!rule || !a || !b) return one(shape);
  const size = Math.max(a.length, b.length);
  const unknown = () => (OPAQUE.has(node.opType) ? facts.fresh() : undefined);
  const ints = Array.from(
    { length: size },
    (_, i) => rule(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!) ?? unknown(),
  );
  return one(shape, ints.every((d) => d !== undefined) ? (ints as Dim[]) : undefined);
};

const same: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  return { shapes: node.output.map(() => shape) };
};
const sameInts: ShapeRule = (node, facts) => one(facts.shape(node.input[0]!), facts.ints(node.input[0]!));

/** The result, then mean and inverse deviation of each row. */
const norm: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  if (!shape) return undefined;
  const axis = axisOf(intAttr(node, 'axis', -1), shape.length);
  const rows = shape.map((d, i) => (i < axis ? d : 1));
  return { shapes: node.output.map((_, i) => (i === 0 ? shape : rows)) };
};

const where: ShapeRule = (node, facts) => {
  const shapes = node.input.map((v) => facts.shape(v));
  const [test, yes, no] = node.input.map((v) => facts.ints(v));
  const ints =
    isNumbers(test) && yes && no
      ? test.map((t, i) => (t ? yes[yes.length === 1 ? 0 : i]! : no[no.length === 1 ? 0 : i]!))
      : undefined;
  return one(broadcastShapes(facts, shapes), ints);
};

const reduce: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  const keep = intAttr(node, 'keepdims', 1) === 1;
  if (!shape) return undefined;
  const axes = axesOf(node, facts, 1);
  if (!axes && node.input[1]) return keep ? one(shape.map(() => facts.fresh())) : undefined;
  const all = !axes || axes.length === 0;
  if (all && intAttr(node, 'noop_with_empty_axes', 0) === 1) return one(shape);
  const gone = new Set(all ? shape.map((_, i) => i) : axes.map((a) => axisOf(a, shape.length)));
  return one(shape.flatMap((d, i) => (gone.has(i) ? (keep ? [1] : []) : [d])));
};

const topk: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  if (!from) return undefined;
  const k = facts.ints(node.input[1]!)?.[0] ?? facts.fresh();
  const axis = axisOf(intAttr(node, 'axis', -1), from.length);
  const dims = from.map((d, i) => (i === axis ? k : d));
  return { shapes: [dims, dims] };
};

/** Operators that keep, broadcast or reduce a shape. */
export const ELEMENTWISE_SHAPES: Readonly<Record<string, ShapeRule>> = {
  ...list(
    'Add Sub Mul Div Equal Pow Min Max Mean Sum And Or Xor Mod Less LessOrEqual Greater GreaterOrEqual PRelu BiasGelu',
    broadcast,
  ),
  ...list(
    'Relu LeakyRelu Elu Selu Celu Softplus Softsign Sigmoid HardSigmoid Tanh Erf Exp Log Sqrt Reciprocal Neg Abs Sin Cos Tan Clip Softmax LogSoftmax Hardmax Not IsNaN IsInf Sign Floor Ceil Round Gelu FastGelu QuickGelu BiasSoftmax Mish HardSwish LpNormalization RotaryEmbedding CumSum Trilu Dropout ScatterElements ScatterND Swish ThresholdedRelu QuantizeLinear DequantizeLinear',
    same,
  ),
  ...list('Identity Cast CastLike', sameInts),
  ...list(
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ArgMax ArgMin',
    reduce,
  ),
  ...list('LayerNormalization SimplifiedLayerNormalization RMSNormalization', norm),
  Where: where,
  TopK: topk,
};
