import type { NodeProto } from 'onnx-buf';
import { intAttr } from '../../onnx/attributes.ts';
import type { Tape } from '../tape.ts';
import { flip, flipsMatrices, readBy, replace, scaling, type Tidy } from './kit.ts';

/** The axes that a node reduces, where they are constant and stay with length 1. */
function keptAxes(tape: Tape, node: NodeProto | undefined): readonly number[] | undefined {
  const axes = node?.opType === 'ReduceSum' && node.input[1] ? tape.facts.ints(node.input[1]) : undefined;
  return axes && intAttr(node!, 'keepdims', 1) === 1 ? axes.map(Number) : undefined;
}

/**
 * The gradient of a softmax whose weights `y` meet values: `y g - y sum(y g)` with `g = c V^T` is `y (g - sum(c z))` with `z = y V`
 * (Dao et al. 2022, 2205.14135, appendix B), where `z` has fewer elements than `g`.
 */
export const sumBehind: Tidy = (graph, tape, node) => {
  const [weighted, inner] = node.input.map((value) => graph.producer(value));
  const sum = inner?.opType === 'Mul' ? graph.producer(inner.input[0]!) : undefined;
  const axes = keptAxes(tape, sum);
  if (weighted?.opType !== 'Mul' || axes?.join() !== '-1' || sum!.input[0] !== weighted.output[0]) return;
  const [g, y] = weighted.input as [string, string];
  const product = graph.producer(g);
  const values = product?.opType === 'MatMul' ? graph.producer(product.input[1]!) : undefined;
  if (inner!.input[1] !== y || !product || !values || !flipsMatrices(values)) return;
  const met = graph
    .consumers(y)
    .find((n) => n.opType === 'MatMul' && n.input[0] === y && n.input[1] === values.input[0]);
  const z = met && tape.facts.shape(met.output[0]!);
  const same = z && tape.facts.shape(y)?.slice(0, -1).join() === z.slice(0, -1).join();
  if (!same) return;
  const share = tape.op('Mul', [product.input[0]!, met.output[0]!]);
  const total = tape.op('ReduceSum', [share, tape.ints([-1])], { keepdims: 1 });
  replace(graph, node, tape.op('Mul', [tape.op('Sub', [g, total]), y]));
};

/**
 * Products summed over the heads of a group, `sum_h A_h^T B_h`, in one product of the heads' rows one below the other: what keys and values
 * that several heads share are given.
 */
export const sumOfGroup: Tidy = (graph, tape, node) => {
  const [axis, ...others] = keptAxes(tape, node) ?? [];
  const split = graph.producer(node.input[0]!);
  if (axis === undefined || others.length || split?.opType !== 'Reshape' || !readBy(graph, split.output[0]!, node))
    return;
  const [whole, parts] = [tape.facts.shape(split.input[0]!), tape.facts.shape(split.output[0]!)];
  const at = axis < 0 ? axis + (parts?.length ?? 0) : axis;
  const rank = whole?.length ?? 0;
  // [..., heads, rows, columns] as [..., groups, heads of one, rows, columns]
  if (!whole || !parts || parts.length !== rank + 1 || at !== rank - 2 || rank < 3) return;
  const groups = parts[at - 1];
  const kept = parts.every((d, i) => i === at - 1 || i === at || d === whole[i < at ? i : i - 1]);
  const last = graph.producer(split.input[0]!);
  const scaled = scaling(tape, last);
  const value = scaled?.value ?? split.input[0]!;
  const product = graph.producer(value);
  const left = product?.opType === 'MatMul' ? graph.producer(product.input[0]!) : undefined;
  const alone = readBy(graph, split.input[0]!, split) && (!scaled || readBy(graph, value, last!));
  if (!kept || !alone || typeof groups !== 'number' || !left || !flipsMatrices(left)) return;
  const factors = [left.input[0]!, product!.input[1]!];
  const heads = factors.map((name) => tape.facts.shape(name)?.at(-3));
  if (heads.some((h) => h !== whole[at - 1])) return;
  const stacked = factors.map((name) => {
    const shape = tape.facts.shape(name)!.map((_, i, dims) => [groups, -1, 0][i - dims.length + 3] ?? 0);
    return tape.op('Reshape', [name, tape.ints(shape)]);
  }) as [string, string];
  const sum = tape.op('MatMul', [flip(tape, stacked[0]), stacked[1]]);
  const times = scaled ? tape.op('Mul', [sum, scaled.number]) : sum;
  replace(graph, node, tape.op('Unsqueeze', [times, tape.ints([at])]));
};
