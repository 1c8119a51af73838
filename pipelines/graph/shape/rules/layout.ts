import { intAttr, intsAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import { elementType, numbersOf, tensorValue } from '../../onnx/values.ts';
import { add, div, mul, product, quotient, sub } from '../dim.ts';
import { axesOf, axisOf, broadcastShapes, isNumbers, one, type ShapeRule } from './kit.ts';

/** Vectors up to this length are followed as shapes. */
const SMALL = 16;

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
  const size =
    from &&
    quotient(
      from,
      dims.filter((_, i) => i !== hole),
    );
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
  return undefined;
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
  const small = typeof size === 'number' && size <= SMALL && elementType(fill?.dataType ?? 1) === 'int64';
  return one(dims, small ? Array.from({ length: size }, () => numbersOf(tensorValue(fill!))[0]!) : undefined);
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

const transpose: ShapeRule = (node, facts) => {
  const from = facts.shape(node.input[0]!);
  const perm = intsAttr(node, 'perm');
  if (!from) return perm ? one(perm.map(() => facts.fresh())) : undefined;
  return one((perm ?? from.map((_, i) => from.length - 1 - i)).map((p) => from[p]!));
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

const flatten: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  if (!shape) return one([facts.fresh(), facts.fresh()]);
  const axis = axisOf(intAttr(node, 'axis', 1), shape.length);
  return one([product(shape.slice(0, axis)), product(shape.slice(axis))]);
};

const tile: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  const repeats = facts.ints(node.input[1]!);
  return shape && one(shape.map((d, i) => (repeats ? mul(d, repeats[i]!) : facts.fresh())));
};

const gatherND: ShapeRule = (node, facts) => {
  const [data, at] = node.input.map((v) => facts.shape(v));
  const depth = at?.at(-1);
  if (!data || !at || typeof depth !== 'number') return undefined;
  return one([...at.slice(0, -1), ...data.slice(intAttr(node, 'batch_dims', 0) + depth)]);
};

const oneHot: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  if (!shape) return undefined;
  const axis = axisOf(intAttr(node, 'axis', -1), shape.length + 1);
  return one([...shape.slice(0, axis), facts.ints(node.input[1]!)?.[0] ?? facts.fresh(), ...shape.slice(axis)]);
};

const nonZero: ShapeRule = (node, facts) => {
  const shape = facts.shape(node.input[0]!);
  return shape && one([shape.length, facts.fresh()]);
};

/** A range counted by ones is as long as its bounds are apart; by names that cannot be negative. */
const range: ShapeRule = (node, facts) => {
  const [start, limit, delta] = node.input.map((v) => facts.ints(v)?.[0]);
  if (start === undefined || limit === undefined || delta !== 1) return one([facts.fresh()]);
  const length = sub(limit, start);
  return one([typeof length === 'number' ? Math.max(length, 0) : length]);
};

/** Operators that move elements. */
export const LAYOUT_SHAPES: Readonly<Record<string, ShapeRule>> = {
  Gather: gather,
  GatherElements: (node, facts) => one(facts.shape(node.input[1]!)),
  Concat: concat,
  Reshape: reshape,
  Flatten: flatten,
  Slice: slice,
  Split: split,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Shape: shape,
  Size: () => one([]),
  ConstantOfShape: constantOfShape,
  Expand: expand,
  Tile: tile,
  Transpose: transpose,
  Pad: pad,
  Range: range,
  GatherND: gatherND,
  OneHot: oneHot,
  NonZero: nonZero,
};
