import type { EditableGraph } from '../../onnx/graph.ts';
import type { Tape } from '../tape.ts';
import { flip, flipsMatrices, readBy, replace, scaling, type Tidy } from './kit.ts';

/**
 * What can be computed with its axes exchanged as cheaply: something exchanged before, a number times that, and a product with an exchanged
 * first factor, `(A^T B)^T = B^T A`. (The runtime takes a factor as it lies, but moves a product.)
 */
function exchanged(graph: EditableGraph, tape: Tape, value: string, alone: boolean): string | undefined {
  const node = graph.producer(value);
  if (!node || !tape.facts.shape(value)) return undefined;
  const [first, second] = node.input as [string, string?];
  if (flipsMatrices(node)) return first;
  const scaled = scaling(tape, node);
  if (scaled) {
    const inner = exchanged(graph, tape, scaled.value, alone && readBy(graph, scaled.value, node));
    return inner && tape.op('Mul', [inner, scaled.number]);
  }
  const left = node.opType === 'MatMul' && alone ? graph.producer(first) : undefined;
  if (!left || !flipsMatrices(left) || !tape.facts.shape(second!)) return undefined;
  return tape.op('MatMul', [flip(tape, second!), left.input[0]!]);
}

/** An exchange of the last two axes, where what it exchanges can be computed so from the start. */
export const exchange: Tidy = (graph, tape, node) => {
  const before = node.input[0]!;
  const value = flipsMatrices(node) && exchanged(graph, tape, before, readBy(graph, before, node));
  if (value) replace(graph, node, flipsMatrices(graph.producer(before)) ? tape.op('Identity', [value]) : value);
};
