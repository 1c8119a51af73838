import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  type NodeProto,
} from 'onnx-buf';
import { Flow } from './anatomy/flow.ts';
import { flipsMatrices } from './grad/tidy/kit.ts';
import { orderedNodes } from './lower/kit.ts';
import { type Dim, valueInfo } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';

/** Nodes that depend on one of the values. */
function dependents(graph: EditableGraph, values: readonly string[]): Set<NodeProto> {
  const found = new Set<NodeProto>();
  const stack = [...values];
  while (stack.length)
    for (const node of graph.consumers(stack.pop()!)) {
      if (found.has(node)) continue;
      found.add(node);
      stack.push(...node.output.filter(Boolean));
    }
  return found;
}

/**
 * Transposed forward values that only products of the loop read: a product takes a factor as it lies, and moving it before the loop
 * would cost more. Constants stay outside, where they are moved once for all runs.
 */
function flippedFor(graph: EditableGraph, inner: ReadonlySet<NodeProto>): NodeProto[] {
  const flow = new Flow(graph);
  return flow.order.filter((node) => {
    const value = node.output[0]!;
    const readers = graph.consumers(value);
    return (
      flipsMatrices(node) &&
      !inner.has(node) &&
      !flow.isConstant(value) &&
      !graph.isOutput(value) &&
      readers.every((reader) => reader.opType === 'MatMul' && inner.has(reader))
    );
  });
}

/** Sizes of which nothing is said: the runtime only wants to know how many there are. */
const anyDims = (rank: number, output: number): Dim[] =>
  Array.from({ length: rank }, (_, axis) => `parallax_out_${output}_${axis}`);

/**
 * Turns all that depends on some graph inputs into the body of a loop over groups: an input `[group, ...]` becomes
 * `[groups, group, ...]`, and so do the values of `outputs`. The rest of the graph is computed once, before the loop, and a group can
 * be as small as the processor's cache wants. What no output needs is left out.
 *
 * @param outputs with their rank, all float32
 * @returns the new name of each of `outputs`
 */
export function scanOver(
  graph: EditableGraph,
  inputs: readonly string[],
  outputs: readonly { readonly name: string; readonly rank: number }[],
): string[] {
  const used = inputs.filter((name) => graph.consumers(name).length > 0);
  const infos = new Map(graph.inputs.map((info) => [info.name, info]));
  const dimsOf = (name: string): Dim[] => {
    const type = infos.get(name)?.type?.value;
    const dims = type?.case === 'tensorType' ? (type.value.shape?.dim ?? []) : [];
    return dims.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : (value.value as string)));
  };
  const inner = dependents(graph, used);
  for (const node of flippedFor(graph, inner)) inner.add(node);
  const needed = graph.below(outputs.map(({ name }) => name));
  const parts = used.map((name) => {
    const part = graph.fresh('part');
    graph.replaceUses(name, part);
    return valueInfo(part, 'float32', dimsOf(name));
  });
  const body = orderedNodes(
    graph,
    parts.map((p) => p.name),
  ).filter((node) => inner.has(node) && needed.has(node));
  for (const node of inner) graph.removeNode(node);
  graph.inputs = graph.inputs.map((info) =>
    used.includes(info.name) ? valueInfo(info.name, 'float32', ['parallax_groups', ...dimsOf(info.name)]) : info,
  );
  const made = graph.ops('Scan', used, { num_scan_inputs: used.length }, outputs.length);
  graph.setAttribute(
    graph.producer(made[0]!)!,
    create(AttributeProtoSchema, {
      name: 'body',
      type: AttributeType.GRAPH,
      g: create(GraphProtoSchema, {
        name: 'metrics',
        node: body,
        input: parts,
        output: outputs.map(({ name, rank }, i) => valueInfo(name, 'float32', anyDims(rank, i))),
      }),
    }),
  );
  return made;
}
