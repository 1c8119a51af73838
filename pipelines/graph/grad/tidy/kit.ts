import type { NodeProto } from 'onnx-buf';
import { intsAttr } from '../../onnx/attributes.ts';
import { lastExchanged } from '../../onnx/axes.ts';
import type { EditableGraph } from '../../onnx/graph.ts';
import type { Tape } from '../tape.ts';

/** Puts something cheaper in a node's place, where it can. */
export type Tidy = (graph: EditableGraph, tape: Tape, node: NodeProto) => void;

/** Whether a node exchanges the last two axes, and no others. */
export function flipsMatrices(node: NodeProto | undefined): boolean {
  if (node?.opType !== 'Transpose') return false;
  const perm = intsAttr(node, 'perm');
  return perm !== undefined && perm.length > 1 && perm.join() === lastExchanged(perm.length).join();
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
export const flip = (tape: Tape, value: string): string =>
  tape.op('Transpose', [value], { perm: lastExchanged(tape.facts.shape(value)!.length) });

/** A product with a number: the number, and the other factor. */
export function scaling(tape: Tape, node: NodeProto | undefined): { number: string; value: string } | undefined {
  if (node?.opType !== 'Mul') return undefined;
  const number = node.input.find((name) => tape.facts.shape(name)?.length === 0);
  const value = node.input.find((name) => name !== number);
  return number && value ? { number, value } : undefined;
}
