import type { NodeProto } from 'onnx-buf';
import { opKey } from '../grad/differentiate.ts';
import type { Tape } from '../grad/tape.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { ATTENTION } from './attention/index.ts';
import { GELUS } from './gelu.ts';
import { type AttentionParts, type Lowering, lowerContext, orderedNodes, tapeOf } from './kit.ts';
import { NORMS } from './norm.ts';
import { PRODUCTS } from './product.ts';
import { ROTARY } from './rotary.ts';

export type { AttentionParts } from './kit.ts';

/** How every fused operator is written with primitives, exact to float rounding. */
export const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ...NORMS,
  ...GELUS,
  ...PRODUCTS,
  ...ROTARY,
  ...ATTENTION,
};

export const canLower = (node: NodeProto): boolean => opKey(node) in LOWERINGS;

/**
 * Replaces fused nodes by primitives. Values keep their names, so that sites stay where they were.
 *
 * @param which nodes to lower; nodes that are no fused operator are left alone
 * @param tape of this graph, where there is one already
 * @returns for each lowered attention the values inside it
 * @throws GraphError `unsupported` at an option that has no lowering
 */
export function lower(
  graph: EditableGraph,
  which: (node: NodeProto) => boolean,
  tape: Tape = tapeOf(graph),
): Map<NodeProto, AttentionParts> {
  const inside = new Map<NodeProto, AttentionParts>();
  for (const node of orderedNodes(graph)) {
    const lowering = LOWERINGS[opKey(node)];
    if (!lowering || !which(node)) continue;
    const made = lowering(lowerContext(graph, tape, node));
    graph.removeNode(node);
    node.output.forEach((name, i) => {
      const value = made.outputs[i];
      if (name && value) rename(graph, tape, value, name);
    });
    const parts = made.inside;
    const named = (value: string) =>
      made.outputs.includes(value) ? (node.output[made.outputs.indexOf(value)] ?? value) : value;
    if (parts) {
      const entries = Object.entries(parts).map(([key, value]) => [key, named(value)]);
      inside.set(node, Object.fromEntries(entries) as AttentionParts);
    }
  }
  return inside;
}

/** Gives a new value the name of the value that it stands for. */
function rename(graph: EditableGraph, tape: Tape, value: string, name: string): void {
  const node = graph.producer(value)!;
  graph.setOutput(node, node.output.indexOf(value), name);
  graph.replaceUses(value, name);
  tape.facts.infer(node);
  tape.facts.renamed(value, name);
}
