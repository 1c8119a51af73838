import type { NodeProto } from 'onnx-buf';
import { floatAttr, intAttr } from './onnx/attributes.ts';
import { floatAttribute } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';

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

/** Rewrites by operator, each to a form that every device computes alike. */
const REWRITES: Readonly<Record<string, readonly ((graph: EditableGraph, node: NodeProto) => void)[]>> = {
  GroupQueryAttention: [unpackHeadNorm, keepWholeCache],
};

/** Rewrites operators whose meaning depends on the device that runs them. */
export function canonicalise(graph: EditableGraph): EditableGraph {
  for (const node of [...graph.nodes]) for (const rewrite of REWRITES[node.opType] ?? []) rewrite(graph, node);
  return graph;
}
