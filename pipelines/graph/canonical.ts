import type { NodeProto } from 'onnx-buf';
import { sliceChoice } from './choices.ts';
import { reading } from './errors.ts';
import { inlineBranch } from './inline.ts';
import { floatAttr, intAttr } from './onnx/attributes.ts';
import { floatAttribute } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { sliceSequence } from './sequences.ts';

/** Inputs of GroupQueryAttention that hold the scales of a norm of queries and keys. */
const Q_NORM = 14;
const K_NORM = 15;
const QK_EPSILON = 1e-6;

/**
 * GroupQueryAttention with a norm of queries and keys inside: only the runtime's GPU kernels compute it, its CPU kernel
 * leaves it out without a word. The norm becomes nodes before the attention.
 */
function unpackHeadNorm(graph: EditableGraph, node: NodeProto): void {
  const scales = [node.input[Q_NORM], node.input[K_NORM]];
  if (!scales.some(Boolean)) return;
  const heads = intAttr(node, 'num_heads', 0);
  const counts = [heads, intAttr(node, 'kv_num_heads', heads)] as const;
  if (!node.input[1]) {
    const [q, k] = counts;
    const all = graph.op('Reshape', [node.input[0]!, graph.addInts([0, 0, q + 2 * k, -1])]);
    const parts = graph.ops('Split', [all, graph.addInts([q, k, k])], { axis: 2 }, 3);
    parts.forEach((part, i) => {
      graph.setInput(node, i, graph.op('Reshape', [part, graph.addInts([0, 0, -1])]));
    });
  }
  const epsilon = floatAttr(node, 'qk_norm_epsilon', QK_EPSILON);
  scales.forEach((scale, i) => {
    if (!scale) return;
    const byHead = graph.op('Reshape', [node.input[i]!, graph.addInts([0, 0, counts[i]!, -1])]);
    const normed = graph.op('SimplifiedLayerNormalization', [byHead, scale]);
    graph.producer(normed)!.attribute = [floatAttribute('epsilon', epsilon)];
    graph.setInput(node, i, graph.op('Reshape', [normed, graph.addInts([0, 0, -1])]));
    graph.setInput(node, Q_NORM + i, '');
  });
  node.attribute = node.attribute.filter(({ name }) => name !== 'qk_norm_epsilon');
}

/**
 * A cache that keeps only the window's keys needs a buffer of that size from the start. The window itself is a mask, so
 * with a cache of all keys the attention is the same.
 */
function keepWholeCache(_: EditableGraph, node: NodeProto): void {
  node.attribute = node.attribute.filter(({ name }) => name !== 'sliding_window_cache');
}

/** The only reader of a value, if it is an `opType`. */
function soleReader(graph: EditableGraph, value: string, opType: string): NodeProto | undefined {
  const readers = graph.consumers(value);
  return readers.length === 1 && readers[0]!.opType === opType ? readers[0] : undefined;
}

/** `x` times a matrix of integers, scaled, as a product of floats under the name `output`. */
function floatProduct(
  graph: EditableGraph,
  x: string,
  weight: readonly [string, string, string],
  output: string,
): void {
  const [matrix, scale, zero] = weight;
  const floats = graph.op('DequantizeLinear', zero ? [matrix, scale, zero] : [matrix, scale], { axis: 1 });
  const product = graph.op('MatMul', [x, floats]);
  graph.setOutput(graph.producer(product)!, 0, output);
}

/**
 * A product of integers whose left side is quantised at each run. The model is the weights that are stored, not the
 * rounding of each run's activations, so it becomes a product of floats.
 */
function integerProduct(graph: EditableGraph, node: NodeProto): void {
  const [left, matrix, , zero = ''] = node.input as [string, string, string?, string?];
  const quantise = graph.producer(left);
  const cast = soleReader(graph, node.output[0]!, 'Cast');
  const scaled = cast && soleReader(graph, cast.output[0]!, 'Mul');
  if (quantise?.opType !== 'DynamicQuantizeLinear' || !scaled) return;
  const scales = graph.producer(scaled.input.find((name) => name !== cast.output[0])!);
  const scale = scales?.opType === 'Mul' && scales.input.find((name) => name !== quantise.output[1]);
  if (!scale || !scales.input.includes(quantise.output[1]!)) return;
  // what quantised the left side goes with its last reader
  for (const old of [node, cast, scaled]) graph.removeNode(old);
  for (const old of [scales, quantise])
    if (old.output.every((name) => graph.consumers(name).length === 0)) graph.removeNode(old);
  floatProduct(graph, quantise.input[0]!, [matrix, scale, zero], scaled.output[0]!);
}

/** The same, as the runtime's optimiser fuses it. */
function dynamicProduct(graph: EditableGraph, node: NodeProto): void {
  const [x, matrix, scale, zero = '', bias] = node.input as [string, string, string, string?, string?];
  graph.removeNode(node);
  const output = node.output[0]!;
  const unbiased = bias ? graph.fresh('product') : output;
  floatProduct(graph, x, [matrix, scale, zero], unbiased);
  if (bias) graph.setOutput(graph.producer(graph.op('Add', [unbiased, bias]))!, 0, output);
}

/** Rewrites by operator, each to a form that every device computes alike. */
const REWRITES: Readonly<Record<string, readonly ((graph: EditableGraph, node: NodeProto) => void)[]>> = {
  GroupQueryAttention: [unpackHeadNorm, keepWholeCache],
  If: [inlineBranch, sliceChoice],
  MatMulInteger: [integerProduct],
  DynamicQuantizeMatMul: [dynamicProduct],
  SplitToSequence: [sliceSequence],
};

/** Rewrites operators whose meaning depends on the device that runs them. Throws `GraphError` at contradictions. */
export const canonicalise = (graph: EditableGraph): EditableGraph =>
  reading(() => {
    // a set: nodes that a rewrite adds are visited too
    for (const node of graph.nodes) for (const rewrite of REWRITES[node.opType] ?? []) rewrite(graph, node);
    return graph;
  });
