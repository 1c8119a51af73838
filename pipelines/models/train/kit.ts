import type { GraphBuilder } from '#graph/onnx/build.ts';
import { f32, i64 } from '#graph/tensor.ts';

/** Short words for the operators that training graphs are written with. Values are names. */
export function kit(g: GraphBuilder) {
  const scalar = (x: number) => g.constant(f32([x], []));
  const ints = (...list: number[]) => g.constant(i64(list));
  const op =
    (type: string) =>
    (...inputs: string[]) =>
      g.op(type, inputs);
  const transpose = (x: string, ...perm: number[]) => g.op('Transpose', [x], { perm: { ints: perm } });
  const mul = op('Mul');
  return {
    g,
    scalar,
    ints,
    transpose,
    mul,
    add: op('Add'),
    sub: op('Sub'),
    div: op('Div'),
    exp: op('Exp'),
    log: op('Log'),
    matmul: op('MatMul'),
    times: (x: string, factor: number) => mul(x, scalar(factor)),
    reshape: (x: string, ...dims: number[]) => g.op('Reshape', [x, ints(...dims)]),
    /** `x w^T (+ b)` with `w [out, in]`. */
    linear(x: string, w: string, b?: string) {
      const y = g.op('MatMul', [x, transpose(w, 1, 0)]);
      return b ? g.op('Add', [y, b]) : y;
    },
    sum: (x: string, axis: number, keepdims = 0) => g.op('ReduceSum', [x, ints(axis)], { keepdims }),
    sumAll: (x: string) => g.op('ReduceSum', [x], { keepdims: 0 }),
    square: (x: string) => mul(x, x),
    float: (x: string) => g.op('Cast', [x], { to: 1 }),
    slice: (x: string, axis: number, from: number, to: number) => g.op('Slice', [x, ints(from), ints(to), ints(axis)]),
    concat: (axis: number, ...parts: string[]) => g.op('Concat', parts, { axis: { int: axis } }),
    gather: (table: string, index: string) => g.op('Gather', [table, index], { axis: { int: 0 } }),
    softmax: (x: string) => g.op('Softmax', [x], { axis: { int: -1 } }),
  };
}
export type Kit = ReturnType<typeof kit>;

/** Values of parameters in a graph, by name. */
export type Named = Readonly<Record<string, string>>;

/** A parameter that a graph must have. */
export function need(p: Named, name: string): string {
  const value = p[name];
  if (value === undefined) throw new Error(`no parameter ${name} in this graph`);
  return value;
}
