import type { NodeProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { graphSink, Tape } from '../grad/tape.ts';
import { sortNodes } from '../onnx/check.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { Facts } from '../shape/facts.ts';

/** The values inside a lowered attention, all on the path from the inputs to the output, so that they can be changed. */
export interface AttentionParts {
  /** Queries, keys and values before any rotation: `[batch, pos, head, dHead]` (keys and values by their own heads). */
  readonly q: string;
  readonly k: string;
  readonly v: string;
  /** Scores `[batch, head, query, key]` after soft-cap and mask, where keys count the past. */
  readonly scores: string;
  /** Attention weights `[batch, head, query, key]`. */
  readonly pattern: string;
  /** Weighted values `[batch, head, query, dHead]`. */
  readonly z: string;
}

/** What a lowering works with: the tape adds nodes to `graph`. */
export interface LowerContext {
  readonly graph: EditableGraph;
  readonly tape: Tape;
  readonly node: NodeProto;
  /** Input by number; undefined where the node leaves it out. */
  input(i: number): string | undefined;
  /** Required input. */
  need(i: number): string;
  /** Whether anything reads this output. */
  used(output: number): boolean;
  /** Throws the error that this node cannot be lowered. */
  refuse(why: string): never;
}

/** Replacement of a fused node: the values that stand for its outputs, by number, and what is inside. */
export interface Lowered {
  readonly outputs: readonly (string | undefined)[];
  readonly inside?: AttentionParts;
}
export type Lowering = (c: LowerContext) => Lowered;

/** A graph's nodes in topological order. @param given values that come from elsewhere */
export const orderedNodes = (graph: EditableGraph, given: readonly string[] = []): NodeProto[] =>
  sortNodes(
    [...graph.nodes],
    new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys(), ...given]),
  );

/** A tape over a whole graph; nodes added by it go into the graph. */
export function tapeOf(graph: EditableGraph): Tape {
  const facts = new Facts({
    nodes: orderedNodes(graph),
    inputs: graph.inputs,
    initializers: graph.initializers.values(),
    valueInfo: graph.declared,
    ...(graph.model.external ? { external: graph.model.external } : {}),
  });
  return new Tape(facts, graphSink(graph));
}

export function lowerContext(graph: EditableGraph, tape: Tape, node: NodeProto): LowerContext {
  const refuse = (why: string): never => {
    throw new GraphError(
      'unsupported',
      `${node.opType} "${node.name}" cannot be lowered to primitives: ${why}`,
      'export the decoder without this option',
    );
  };
  const input = (i: number) => node.input[i] || undefined;
  return {
    graph,
    tape,
    node,
    input,
    need: (i) => input(i) ?? refuse(`input ${i} is missing`),
    used: (i) => {
      const name = node.output[i];
      return !!name && (graph.isOutput(name) || graph.consumers(name).length > 0);
    },
    refuse,
  };
}
