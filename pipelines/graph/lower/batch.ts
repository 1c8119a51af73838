import type { NodeProto } from 'onnx-buf';
import type { Tape } from '../grad/tape.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { lower } from './index.ts';

/** A fused rotation whose positions are one row for all sequences: its kernel takes that for one sequence only. */
const oneRow = (tape: Tape, node: NodeProto): boolean =>
  node.opType === 'RotaryEmbedding' &&
  node.domain === 'com.microsoft' &&
  tape.facts.shape(node.input[1]!)?.length === 2 &&
  tape.facts.shape(node.input[1]!)?.[0] === 1;

/** Lets a graph run on several sequences at once where a fused kernel does not. */
export const allowBatches = (graph: EditableGraph, tape: Tape): void => {
  lower(graph, (node) => oneRow(tape, node), tape);
};
