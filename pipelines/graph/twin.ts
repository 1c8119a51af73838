import type { NodeProto } from 'onnx-buf';
import type { Tape } from './grad/tape.ts';
import { orderedNodes } from './lower/kit.ts';
import { captures, reads } from './onnx/check.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { renameCaptures } from './onnx/indexed.ts';

/** Name of a graph input of the second run. */
export const twinInput = (name: string): string => `parallax.twin.${name}`;

/** A node that reads other values and gives new ones. */
function copyOf(graph: EditableGraph, node: NodeProto, twins: ReadonlyMap<string, string>): NodeProto {
  const copy: NodeProto = Object.assign(Object.create(Object.getPrototypeOf(node)), node, {
    name: graph.fresh('twin'),
    input: node.input.map((name) => twins.get(name) ?? name),
    output: node.output.map((name) => name && graph.fresh('twin')),
  });
  const inside = [...captures(node)].filter((name) => twins.has(name));
  if (inside.length) copy.attribute = structuredClone(node.attribute);
  for (const name of inside) renameCaptures(copy, name, twins.get(name)!);
  return copy;
}

/**
 * Computes values of a graph a second time, of inputs of their own (`twinInput`): two runs in one graph, whose second leaves nothing but these
 * values. Weights and what follows from them are shared.
 *
 * @param shared inputs that both runs have in common
 * @returns the second run's value of each of `values`
 */
export function addTwin(
  graph: EditableGraph,
  tape: Tape,
  values: readonly string[],
  shared: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const below = graph.below(values);
  const twins = new Map<string, string>();
  for (const info of [...graph.inputs]) {
    if (!graph.isInput(info.name) || shared.has(info.name)) continue;
    if (!graph.consumers(info.name).some((node) => below.has(node))) continue;
    const input = Object.assign(Object.create(Object.getPrototypeOf(info)), info, { name: twinInput(info.name) });
    graph.inputs.push(input);
    tape.facts.input(input);
    twins.set(info.name, input.name);
  }
  for (const node of orderedNodes(graph)) {
    if (!below.has(node) || ![...reads(node)].some((name) => twins.has(name))) continue;
    const copy = copyOf(graph, node, twins);
    node.output.forEach((name, i) => {
      if (name) twins.set(name, copy.output[i]!);
    });
    graph.addNode(copy);
    tape.facts.infer(copy);
  }
  return new Map(values.map((value) => [value, twins.get(value) ?? value]));
}
