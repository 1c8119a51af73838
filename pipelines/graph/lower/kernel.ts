import type { NodeProto, TensorProto } from 'onnx-buf';
import type { EditableGraph } from '../onnx/graph.ts';
import { shapeOf } from '../onnx/values.ts';
import type { Device } from '../types.ts';

const COS = 7;
/** Frequencies that the fused kernel rotates at once. */
const BLOCK = 8;

/** The stored table behind a value: itself, or what a slice of rows is taken from. */
function tableOf(graph: EditableGraph, value: string): TensorProto | undefined {
  const node = graph.producer(value);
  return graph.initializer(node?.opType === 'Slice' ? node.input[0]! : value);
}

/** Fused attentions, which a browser's GPU does not compute alike at every length. */
const FUSED = new Set(['GroupQueryAttention', 'MultiHeadAttention']);

/**
 * Attention nodes that run as primitives: those whose tables the fused kernel refuses, though the operator's definition
 * allows them, and on WebGPU all (its kernel is wrong from 64 tokens on at some adapters, where primitives are right).
 */
export const refusedByKernel = (graph: EditableGraph, device: Device): Set<NodeProto> =>
  new Set(
    [...graph.nodes].filter((node) => {
      if (device === 'webgpu' && FUSED.has(node.opType)) return true;
      if (node.opType !== 'GroupQueryAttention' || !node.input[COS]) return false;
      const table = tableOf(graph, node.input[COS]);
      return table !== undefined && shapeOf(table).at(-1)! % BLOCK !== 0;
    }),
  );
