import type { NodeProto, TensorProto } from 'onnx-buf';
import { type ElementType, sizeOf, type Tensor } from '../tensor.ts';
import { constantNode, intAttr, intsAttr } from './attributes.ts';
import { elementType, numbersOf, numberToHalf, shapeOf } from './values.ts';

/** What folding needs of a graph. */
interface Graph {
  producer(value: string): NodeProto | undefined;
  tensor(name: string): Tensor | undefined;
  initializer(name: string): TensorProto | undefined;
}

/** Folding is for shapes, axes and scalars; larger values are weights. */
const MAX_ELEMENTS = 4096;
const DEPTH = 64;

const MAKE: { [T in ElementType]: (values: readonly number[]) => Tensor['data'] } = {
  float32: (v) => Float32Array.from(v),
  float64: (v) => Float64Array.from(v),
  float16: (v) => Uint16Array.from(v, numberToHalf),
  int64: (v) => BigInt64Array.from(v, (x) => BigInt(Math.trunc(x))),
  int32: (v) => Int32Array.from(v),
  int8: (v) => Int8Array.from(v),
  uint8: (v) => Uint8Array.from(v),
  bool: (v) => Uint8Array.from(v, (x) => (x ? 1 : 0)),
};
const make = (type: ElementType, dims: readonly number[], values: readonly number[]): Tensor | undefined =>
  sizeOf(dims) === values.length ? { type, dims, data: MAKE[type](values) } : undefined;

type Inputs = readonly (Tensor | undefined)[];
type Rule = (node: NodeProto, inputs: Inputs, graph: Graph) => Tensor | undefined;

/** A binary rule over equal shapes, or a scalar and any shape. */
const binary =
  (f: (a: number, b: number, integer: boolean) => number, type?: ElementType): Rule =>
  (_, [a, b]) => {
    if (!a || !b) return undefined;
    const [x, y] = [numbersOf(a), numbersOf(b)];
    const dims = x.length >= y.length && a.dims.length >= b.dims.length ? a.dims : b.dims;
    if (x.length !== 1 && y.length !== 1 && x.length !== y.length) return undefined;
    const integer = !a.type.startsWith('float');
    const values = Array.from({ length: sizeOf(dims) }, (_, i) =>
      f(x[x.length === 1 ? 0 : i]!, y[y.length === 1 ? 0 : i]!, integer),
    );
    return make(type ?? a.type, dims, values);
  };

const unary =
  (f: (x: number) => number): Rule =>
  (_, [a]) =>
    a && make(a.type, a.dims, numbersOf(a).map(f));

const constant: Rule = (node) => constantNode(node);

const axesOf = (node: NodeProto, input: Tensor | undefined): number[] | undefined =>
  intsAttr(node, 'axes') ?? (input && numbersOf(input));

const unsqueeze: Rule = (node, [x, axes]) => {
  const at = axesOf(node, axes);
  if (!x || !at) return undefined;
  const rank = x.dims.length + at.length;
  const ones = new Set(at.map((a) => (a + rank) % rank));
  const rest = [...x.dims];
  const dims = Array.from({ length: rank }, (_, i) => (ones.has(i) ? 1 : rest.shift()!));
  return { ...x, dims };
};

const squeeze: Rule = (node, [x, axes]) => {
  if (!x) return undefined;
  const drop = axesOf(node, axes)?.map((a) => (a + x.dims.length) % x.dims.length);
  return { ...x, dims: x.dims.filter((d, i) => (drop ? !drop.includes(i) : d !== 1)) };
};

const concat: Rule = (_, inputs) => {
  if (inputs.some((x) => x?.dims.length !== 1)) return undefined;
  const values = inputs.flatMap((x) => numbersOf(x!));
  return inputs[0] && make(inputs[0].type, [values.length], values);
};

const gather: Rule = (node, [x, at]) => {
  if (!x || !at || x.dims.length !== 1 || intAttr(node, 'axis', 0) !== 0) return undefined;
  const from = numbersOf(x);
  const values = numbersOf(at).map((i) => from[i < 0 ? i + from.length : i]);
  return values.some((v) => v === undefined) ? undefined : make(x.type, at.dims, values as number[]);
};

const slice: Rule = (_, [x, starts, ends, axes, steps]) => {
  if (!x || !starts || !ends || x.dims.length !== 1) return undefined;
  if ((axes && numbersOf(axes)[0] !== 0) || (steps && numbersOf(steps)[0] !== 1)) return undefined;
  const values = numbersOf(x).slice(numbersOf(starts)[0], numbersOf(ends)[0]);
  return make(x.type, [values.length], values);
};

const reshape: Rule = (_, [x, shape]) => {
  if (!x || !shape) return undefined;
  const known = numbersOf(shape).map((d, i) => (d === 0 ? (x.dims[i] ?? 0) : d));
  const rest = sizeOf(x.dims) / known.reduce((a, d) => (d === -1 ? a : a * d), 1);
  const dims = known.map((d) => (d === -1 ? rest : d));
  return sizeOf(dims) === sizeOf(x.dims) ? { ...x, dims } : undefined;
};

const cast: Rule = (node, [x]) => {
  const type = elementType(intAttr(node, 'to', 0));
  return x && type && make(type, x.dims, numbersOf(x));
};

/** Shape of a weight; a computed value's shape is not known. */
const shape: Rule = (node, _, graph) => {
  const weight = graph.initializer(node.input[0]!);
  return weight && make('int64', [weight.dims.length], shapeOf(weight));
};

/** Rules by operator; an operator that is absent cannot be folded. */
const RULES: Readonly<Record<string, Rule>> = {
  Constant: constant,
  Identity: (_, [x]) => x,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Reshape: reshape,
  Cast: cast,
  Shape: shape,
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b, integer) => (integer ? Math.trunc(a / b) : a / b)),
  Pow: binary((a, b) => a ** b),
  Equal: binary((a, b) => (a === b ? 1 : 0), 'bool'),
  Sqrt: unary(Math.sqrt),
  Neg: unary((x) => -x),
  Reciprocal: unary((x) => 1 / x),
};

/**
 * The value of `name` where it follows from constants alone; undefined otherwise.
 * @param memo of values found so far, undefined for those that cannot be folded
 */
export function fold(graph: Graph, name: string, memo: Map<string, Tensor | undefined>, depth = 0): Tensor | undefined {
  if (memo.has(name)) return memo.get(name);
  memo.set(name, undefined);
  const node = graph.producer(name);
  let value: Tensor | undefined;
  if (node) {
    const rule = node.domain === '' || node.domain === 'ai.onnx' ? RULES[node.opType] : undefined;
    if (rule && depth < DEPTH) {
      const needed = node.opType === 'Shape' ? [] : node.input;
      const inputs = needed.map((x) => (x ? fold(graph, x, memo, depth + 1) : undefined));
      if (needed.every((x, i) => !x || inputs[i])) value = rule(node, inputs, graph);
    }
  } else {
    const weight = graph.initializer(name);
    if (weight && sizeOf(shapeOf(weight)) <= MAX_ELEMENTS) value = graph.tensor(name);
  }
  memo.set(name, value);
  return value;
}
