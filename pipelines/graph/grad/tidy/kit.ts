import type { NodeProto } from 'onnx-buf';
import { intsAttr } from '../../onnx/attributes.ts';
import type { EditableGraph } from '../../onnx/graph.ts';
import type { Tape } from '../tape.ts';

/** Puts something cheaper in a node's place, where it can. */
export type Tidy = (graph: EditableGraph, tape: Tape, node: NodeProto) => void;

/** Whether a node exchanges the last two axes, and no others. */
export function flipsMatrices(node: NodeProto | undefined): boolean {
  if (node?.opType !== 'Transpose') return false;
  const perm = intsAttr(node, 'perm');
  const last = (perm?.length ?? 0) - 1;
  return !!perm && last > 0 && perm.every((p, i) => p === (i === last ? last - 1 : i === last - 1 ? last : i));
}

/** Whether nothing but `reader` reads a value. */
export const readBy = (graph: EditableGraph, value: string, reader: NodeProto): boolean =>
  graph.consumers(value).every((other) => other === reader) && !graph.isOutput(value);

/** Puts a new value in a node's place. */
export function replace(graph: EditableGraph, node: NodeProto, value: string): void {
  graph.removeNode(node);
  graph.setOutput(graph.producer(value)!, 0, node.output[0]!);
}

/** A value with its last two axes exchanged, which it must have. */
export function flip(tape: Tape, value: string): string {
  const rank = tape.facts.shape(value)!.length;
  const perm = Array.from({ length: rank }, (_, i) => i);
  perm.splice(-2, 2, rank - 1, rank - 2);
  return tape.op('Transpose', [value], { perm });
}
