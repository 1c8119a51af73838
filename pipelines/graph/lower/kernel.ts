import type { NodeProto } from 'onnx-buf';
import type { EditableGraph } from '../onnx/graph.ts';
import { shapeOf } from '../onnx/values.ts';

const COS = 7;
/** Frequencies that the fused kernel rotates at once. */
const BLOCK = 8;

/** Attention nodes whose tables the fused kernel refuses, though the operator's definition allows them: they run as primitives. */
export const refusedByKernel = (graph: EditableGraph): Set<NodeProto> =>
  new Set(
    [...graph.nodes].filter((node) => {
      if (node.opType !== 'GroupQueryAttention' || !node.input[COS]) return false;
      const table = graph.initializer(node.input[COS]);
      return table !== undefined && shapeOf(table).at(-1)! % BLOCK !== 0;
    }),
  );
