import type { NodeProto } from 'onnx-buf';
import { intAttr, intsAttr, stringAttr } from '../onnx/attributes.ts';
import type { Dim } from '../onnx/build.ts';
import { add, broadcastDim, div, mul, product, sub } from './dim.ts';
import type { Facts } from './facts.ts';

type Shape = readonly Dim[];
/** Known of a node's outputs: shapes by output, and the elements of the first one where it holds small integers. */
interface Known {
  readonly shapes?: readonly (Shape | undefined)[];
  readonly ints?: Shape;
}
type ShapeRule = (node: NodeProto, facts: Facts) => Known | undefined;

const one = (shape: Shape | undefined, ints?: Shape): Known => ({ shapes: [shape], ...(ints ? { ints } : {}) });
const isNumbers = (dims: Shape | undefined): dims is readonly number[] => !!dims?.every((d) => typeof d === 'number');
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** NumPy broadcast of shapes; undefined where a rank is unknown. */
export function broadcastShapes(facts: Facts, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const rank = Math.max(result.length, shape.length);
    const at = (s: Shape, i: number): Dim => s[i - (rank - s.length)] ?? 1;
    result = Array.from({ length: rank }, (_, i) => broadcastDim(at(result, i), at(shape, i)) ?? facts.fresh());
  }
  return result;
}

const ARITHMETIC: Record<string, (a: Dim, b: Dim) => Dim | undefined> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: (a, b) => (typeof a === 'number' && typeof b === 'number' && b !== 0 ? Math.trunc(a / b) : div(a, b)),
  Equal: (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? Number(a === b) : a === b ? 1 : b === -1 ? 0 : undefined,
};

const broadcast: ShapeRule = (node, facts) => {
  const shape = broadcastShapes(
    facts,
    node.input.map((v) => facts.shape(v)),
  );
  const rule = ARITHMETIC[node.opType];
  const [a, b] = node.input.map((v) => facts.ints(v));
  if (!rule || !a || !b) return one(shape);
  const size = Math.max(a.length, b.length);
  const ints = Array.from({ length: size }, (_, i) => rule(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!));
  return one(shape, ints.every((d) => d !== undefined) ? (ints as Dim[]) : undefined);
};

const same: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  return { shapes: node.output.map(() => shape) };
};
const sameInts: ShapeRule = (node, facts) => one(facts.shape(node.input[0]!), facts.ints(node.input[0]!));

const matmul: ShapeRule = (node, facts) => {
  const a = facts.shape(node.input[0]!);
  const b = facts.shape(node.input[1]!);
  if (!a || !b) return undefined;
  const flip = (s: Shape, attribute: string): Shape =>
    intAttr(node, attribute, 0) === 1 && s.length > 1 ? [...s.slice(0, -2), s.at(-1)!, s.at(-2)!] : s;
  const [x, y] = [flip(a, 'transA'), flip(b, 'transB')];
  const batch = broadcastShapes(facts, [x.slice(0, -2), y.slice(0, -2)])!;
  return one([...batch, ...(x.length > 1 ? [x.at(-2)!] : []), ...(y.length > 1 ? [y.at(-1)!] : [])]);
};

const axesOf = (node: NodeProto, facts: Facts, input: number): readonly number[] | undefined => {
  const value = node.input[input];
  if (!value) return intsAttr(node, 'axes');
  const ints = facts.ints(value);
  return isNumbers(ints) ? ints : undefined;
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

const gather: ShapeRule = (node, facts) => {
  const data = facts.shape(node.input[0]!);
  const at = facts.shape(node.input[1]!);
  const values = facts.ints(node.input[0]!);
  const index = facts.ints(node.input[1]!);
  const ints =
    values && isNumbers(index) && data?.length === 1 ? index.map((i) => values[axisOf(i, values.length)]!) : undefined;
  if (!data || !at) return undefined;
  const axis = axisOf(intAttr(node, 'axis', 0), data.length);
  return one([...data.slice(0, axis), ...at, ...data.slice(axis + 1)], ints);
};

const concat: ShapeRule = (node, facts) => {
  const shapes = node.input.map((v) => facts.shape(v));
  const parts = node.input.map((v) => facts.ints(v));
  const ints = parts.every((p) => p) ? parts.flatMap((p) => p!) : undefined;
  const first = shapes.find((s) => s);
  if (!first) return undefined;
  const axis = axisOf(intAttr(node, 'axis', 0), first.length);
  const size = shapes.every((s) => s) ? shapes.map((s) => s![axis]!).reduce(add) : facts.fresh();
  return one(
    first.map((d, i) => (i === axis ? size : (shapes.map((s) => s?.[i]).find((x) => typeof x === 'number') ?? d))),
    ints,
  );
};

const reshape: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  const to = facts.ints(node.input[1]!);
  const ints = facts.ints(node.input[0]!);
  if (!to) {
    const length = facts.shape(node.input[1]!)?.[0];
    return typeof length === 'number' ? one(Array.from({ length }, () => facts.fresh())) : undefined;
  }
  const zero = intAttr(node, 'allowzero', 0) === 0;
  const dims = to.map((d, i) => (d === 0 && zero ? (from?.[i] ?? facts.fresh()) : d));
  const hole = dims.indexOf(-1);
  if (hole < 0) return one(dims, ints);
  const rest = product(dims.filter((_, i) => i !== hole));
  const size = from && div(product(from), rest);
  return one(
    dims.map((d, i) => (i === hole ? (size ?? facts.fresh()) : d)),
    ints,
  );
};

const slice: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  if (!shape) return undefined;
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => (node.input[i] ? facts.ints(node.input[i]) : undefined));
  const values = facts.ints(node.input[0]!);
  const cut =
    values && isNumbers(starts) && isNumbers(ends) && !node.input[4] && shape.length === 1
      ? values.slice(starts[0], ends[0])
      : undefined;
  const where = axes ?? (starts ?? ends)?.map((_, i) => i);
  if (!isNumbers(where)) return one(shape.map(() => facts.fresh()));
  const dims = [...shape];
  where.forEach((a, i) => {
    const axis = axisOf(a, shape.length);
    dims[axis] = sliced(shape[axis]!, starts?.[i], ends?.[i], node.input[4] ? steps?.[i] : 1) ?? facts.fresh();
  });
  return one(dims, cut);
};

/** Length of a slice; undefined where it cannot be told. */
function sliced(size: Dim, start: Dim | undefined, end: Dim | undefined, step: Dim | undefined): Dim | undefined {
  if (start === undefined || end === undefined || step !== 1) return undefined;
  const far = typeof end === 'number' && end >= 2 ** 31 - 1;
  if (typeof size === 'number' && typeof start === 'number' && typeof end === 'number') {
    const clip = (x: number) => Math.min(Math.max(x < 0 ? x + size : x, 0), size);
    return Math.max(clip(end) - clip(start), 0);
  }
  if (start === 0 && (far || end === size)) return size;
  if (start === 0 && typeof end === 'string') return end;
  return typeof start === 'number' && start < 0 && far ? undefined : undefined;
}

const split: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  if (!shape) return undefined;
  const axis = axisOf(intAttr(node, 'axis', 0), shape.length);
  const sizes = (node.input[1] ? facts.ints(node.input[1]) : intsAttr(node, 'split')) ?? [];
  const count = node.output.length;
  const size = shape[axis]!;
  const even = (i: number): Dim => {
    if (typeof size !== 'number') return div(size, count) ?? facts.fresh();
    const part = Math.ceil(size / count);
    return Math.min(part, size - i * part);
  };
  return { shapes: node.output.map((_, i) => shape.map((d, j) => (j === axis ? (sizes[i] ?? even(i)) : d))) };
};

const unsqueeze: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  const axes = axesOf(node, facts, 1);
  if (!shape || !axes) return undefined;
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((a) => axisOf(a, rank)));
  const rest = [...shape];
  return one(
    Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : rest.shift()!)),
    facts.ints(node.input[0]!),
  );
};

const squeeze: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  const axes = axesOf(node, facts, 1);
  if (!shape || (!axes && node.input[1])) return undefined;
  const gone = new Set(axes ? axes.map((a) => axisOf(a, shape.length)) : shape.flatMap((d, i) => (d === 1 ? [i] : [])));
  return one(
    shape.filter((_, i) => !gone.has(i)),
    facts.ints(node.input[0]!),
  );
};

const shape: ShapeRule = (node, facts) => {
  const dims = facts.shape(node.input[0]!);
  const part = dims?.slice(intAttr(node, 'start', 0), intAttr(node, 'end', dims.length));
  return one([part ? part.length : facts.fresh()], part);
};

const constantOfShape: ShapeRule = (node, facts) => {
  const dims = facts.ints(node.input[0]!);
  const length = facts.shape(node.input[0]!)?.[0];
  if (!dims) return typeof length === 'number' ? one(Array.from({ length }, () => facts.fresh())) : undefined;
  const fill = node.attribute.find((a) => a.name === 'value')?.t;
  const size = dims.length === 1 ? dims[0] : undefined;
  const ints = typeof size === 'number' && size <= 16 && fill?.dataType === 7;
  const value = fill && (fill.int64Data.length ? Number(fill.int64Data[0]) : new DataView(fill.rawData.slice().buffer));
  const element = value instanceof DataView ? (ints ? Number(value.getBigInt64(0, true)) : 0) : (value ?? 0);
  return one(dims, ints ? Array.from({ length: size as number }, () => element) : undefined);
};

const expand: ShapeRule = (node, facts) => {
  const to = facts.ints(node.input[1]!);
  const length = facts.shape(node.input[1]!)?.[0];
  const from = facts.shape(node.input[0]!);
  if (to) return one(broadcastShapes(facts, [from, to]));
  return typeof length === 'number' && from
    ? one(Array.from({ length: Math.max(length, from.length) }, () => facts.fresh()))
    : undefined;
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

const transpose: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  const perm = intsAttr(node, 'perm');
  if (!from) return perm ? one(perm.map(() => facts.fresh())) : undefined;
  return one((perm ?? from.map((_, i) => from.length - 1 - i)).map((p) => from[p]!));
};

const gemm: ShapeRule = (node, facts) => {
  const [a, b] = [facts.shape(node.input[0]!), facts.shape(node.input[1]!)];
  if (!a || !b) return undefined;
  return one([a[intAttr(node, 'transA', 0) ? 1 : 0]!, b[intAttr(node, 'transB', 0) ? 0 : 1]!]);
};

const pad: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  const pads = facts.ints(node.input[1]!);
  if (!from) return undefined;
  const axes = node.input[3] ? facts.ints(node.input[3]) : from.map((_, i) => i);
  if (!pads || !isNumbers(axes)) return one(from.map(() => facts.fresh()));
  const dims = [...from];
  axes.forEach((a, i) => {
    const axis = axisOf(a, from.length);
    dims[axis] = add(dims[axis]!, add(pads[i]!, pads[i + axes.length]!));
  });
  return one(dims);
};

const topk: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  if (!from) return undefined;
  const k = facts.ints(node.input[1]!)?.[0] ?? facts.fresh();
  const axis = axisOf(intAttr(node, 'axis', -1), from.length);
  const dims = from.map((d, i) => (i === axis ? k : d));
  return { shapes: [dims, dims] };
};

/** `Split` of the last axis in GroupQueryAttention and its kind is not needed: only the output's width is. */
const attention: ShapeRule = (node, facts) => {
  const q = facts.shape(node.input[0]!);
  if (q?.length !== 3) return undefined;
  const heads = intAttr(node, 'num_heads', 0);
  const packed = node.opType === 'GroupQueryAttention' && !node.input[1];
  const width = packed
    ? mul(heads, div(q[2]!, heads + 2 * intAttr(node, 'kv_num_heads', heads)) ?? facts.fresh())
    : q[2]!;
  return one([q[0]!, q[1]!, width]);
};

const skipNorm: ShapeRule = (node, facts) => {
  const x = broadcastShapes(facts, [facts.shape(node.input[0]!), facts.shape(node.input[1]!)]);
  return { shapes: [x, undefined, undefined, x] };
};

const nbits: ShapeRule = (node, facts) => {
  const x = facts.shape(node.input[0]!);
  return x && one([...x.slice(0, -1), intAttr(node, 'N', 0)]);
};

const list = (names: string, rule: ShapeRule): Record<string, ShapeRule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));

const einsum: ShapeRule = (node, facts) => {
  const [left = '', right] = stringAttr(node, 'equation', '').replaceAll(' ', '').split('->');
  const sizes = new Map<string, Dim>();
  left.split(',').forEach((part, i) => {
    facts.shape(node.input[i]!)?.forEach((d, axis) => {
      sizes.set(part[axis]!, d);
    });
  });
  if (right === undefined || right.includes('.')) return undefined;
  return one([...right].map((l) => sizes.get(l) ?? facts.fresh()));
};

/** Shape rules by operator; of an operator that is absent nothing is known but what the file declares. */
export const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...list(
    'Add Sub Mul Div Equal Pow Min Max Mean Sum And Or Xor Mod Less LessOrEqual Greater GreaterOrEqual PRelu BiasGelu',
    broadcast,
  ),
  ...list(
    'Relu LeakyRelu Elu Selu Celu Softplus Softsign Sigmoid HardSigmoid Tanh Erf Exp Log Sqrt Reciprocal Neg Abs Sin Cos Tan Clip Softmax LogSoftmax Hardmax Not IsNaN IsInf Sign Floor Ceil Round Gelu FastGelu QuickGelu BiasSoftmax Mish HardSwish LayerNormalization SimplifiedLayerNormalization RMSNormalization LpNormalization RotaryEmbedding CumSum Trilu Dropout ScatterElements ScatterND Swish ThresholdedRelu QuantizeLinear DequantizeLinear',
    same,
  ),
  ...list('Identity Cast', sameInts),
  ...list('MatMul FusedMatMul', matmul),
  ...list(
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp',
    reduce,
  ),
  ...list('GroupQueryAttention MultiHeadAttention', attention),
  ...list('SkipLayerNormalization SkipSimplifiedLayerNormalization', skipNorm),
  Einsum: einsum,
  Gather: gather,
  GatherElements: (node, facts) => one(facts.shape(node.input[1]!)),
  Concat: concat,
  Reshape: reshape,
  Slice: slice,
  Split: split,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Shape: shape,
  Size: () => one([]),
  ConstantOfShape: constantOfShape,
  Expand: expand,
  Where: where,
  Transpose: transpose,
  Gemm: gemm,
  Pad: pad,
  TopK: topk,
  MatMulNBits: nbits,
  Range: (_, facts) => one([facts.fresh()]),
};
