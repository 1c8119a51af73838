import type { NodeProto } from 'onnx-buf';
import type { EditableGraph } from '../../onnx/graph.ts';
import type { Tape } from '../tape.ts';
import { sumBehind, sumOfGroup } from './attention.ts';
import { exchange } from './exchange.ts';
import type { Tidy } from './kit.ts';
import { join } from './parts.ts';

/** By the operator that is replaced. */
const TIDIES: Readonly<Record<string, Tidy>> = {
  Transpose: exchange,
  Add: join,
  Sub: sumBehind,
  ReduceSum: sumOfGroup,
};

/** Drops what nothing reads any more. */
function drop(graph: EditableGraph, node: NodeProto | undefined, kept: ReadonlySet<string>): void {
  if (!node || node.output.some((value) => kept.has(value) || graph.isOutput(value) || graph.consumers(value).length))
    return;
  graph.removeNode(node);
  for (const value of node.input) drop(graph, graph.producer(value), kept);
}

/**
 * Rewrites what differentiation leaves to forms that move less. Values that are still read keep their names.
 * @param kept values that are read outside
 */
export function tidy(graph: EditableGraph, tape: Tape, kept: ReadonlySet<string>): void {
  for (const node of [...graph.nodes]) {
    if (!graph.nodes.has(node)) continue;
    TIDIES[node.opType]?.(graph, tape, node);
    if (!graph.nodes.has(node)) for (const value of node.input) drop(graph, graph.producer(value), kept);
  }
}
