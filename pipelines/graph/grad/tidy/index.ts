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

/** Rewrites what differentiation leaves to forms that move less. Values keep their names; nodes that nothing reads any more stay. */
export function tidy(graph: EditableGraph, tape: Tape): void {
  for (const node of [...graph.nodes]) TIDIES[node.opType]?.(graph, tape, node);
}
