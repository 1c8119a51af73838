import { create } from '@bufbuild/protobuf';
import { type GraphProto, type NodeProto, NodeProtoSchema } from 'onnx-buf';
import { reads } from './onnx/check.ts';
import type { EditableGraph } from './onnx/graph.ts';

/** Ops that hand a truth value on. */
const PASS = new Set(['Cast', 'Identity', 'Squeeze', 'Reshape']);

/** Whether a condition is an input of the graph. */
function isGiven(graph: EditableGraph, value: string): boolean {
  let at = value;
  for (let node = graph.producer(at); node && PASS.has(node.opType); node = graph.producer(at)) at = node.input[0]!;
  return graph.isInput(at);
}

/** Graph inputs that a branch reads. */
const inputsOf = (graph: EditableGraph, branch: GraphProto): number =>
  new Set(branch.node.flatMap((node) => [...reads(node)].filter((name) => graph.isInput(name)))).size;

/**
 * A decoder that was merged from one without a cache and one with it chooses between the two by an input. With an empty
 * cache the second computes what the first does, so it takes the place of the choice: the branch that reads more inputs.
 */
export function inlineBranch(graph: EditableGraph, node: NodeProto): void {
  if (!isGiven(graph, node.input[0]!)) return;
  const branches = node.attribute.flatMap((a) => (a.g ? [a.g] : []));
  const [one, two] = branches;
  if (!one || !two) return;
  const branch = inputsOf(graph, one) > inputsOf(graph, two) ? one : two;
  graph.removeNode(node);
  for (const weight of branch.initializer) graph.addWeight(weight);
  const outputs = new Map(branch.output.map(({ name }, i) => [name, node.output[i]!]));
  const made = new Set(branch.node.flatMap((inner) => inner.output));
  const renamed = (name: string) => outputs.get(name) ?? name;
  for (const inner of branch.node)
    graph.addNode(
      create(NodeProtoSchema, {
        ...inner,
        input: inner.input.map((name) => (made.has(name) ? renamed(name) : name)),
        output: inner.output.map(renamed),
      }),
    );
  for (const [inner, outer] of outputs)
    if (!made.has(inner))
      graph.addNode(
        create(NodeProtoSchema, { name: graph.fresh('branch'), opType: 'Identity', input: [inner], output: [outer] }),
      );
}
