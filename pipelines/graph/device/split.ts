import type { NodeProto } from 'onnx-buf';
import { Flow } from '../anatomy/flow.ts';
import { declared } from '../anatomy/inputs.ts';
import { tapeOf } from '../lower/kit.ts';
import { reads } from '../onnx/check.ts';
import type { EditableGraph } from '../onnx/graph.ts';

/** Operators that look rows up in a table: of floats, that is the first thing that a device does. */
const LOOKUPS = new Set(['Gather', 'GatherBlockQuantized', 'EmbedLayerNormalization']);

/** A graph in two: what the host computes first, and the rest. */
export interface Split {
  /** Gives `between`; undefined where there is nothing to compute. */
  readonly host: EditableGraph | undefined;
  /** Reads `between` as inputs. */
  readonly device: EditableGraph;
  readonly between: readonly string[];
}

/** Nodes that depend on integers and shapes alone: masks, positions, rotary tables. */
function hostNodes(graph: EditableGraph, flow: Flow): Set<NodeProto> {
  const host = new Set<NodeProto>();
  const onHost = new Set<string>();
  for (const info of graph.inputs)
    if (graph.isInput(info.name) && !declared(info).type.startsWith('float')) onHost.add(info.name);
  const { facts } = tapeOf(graph);
  const looksUp = (node: NodeProto): boolean =>
    LOOKUPS.has(node.opType) && node.input.some((x) => flow.isConstant(x) && facts.type(x)?.startsWith('float'));
  for (const node of flow.order) {
    const inputs = [...reads(node)];
    if (node.output.every((name) => flow.isConstant(name))) continue;
    const shape = node.opType === 'Shape' && graph.isInput(node.input[0]!);
    if (looksUp(node) || (!shape && !inputs.every((name) => onHost.has(name) || flow.isConstant(name)))) continue;
    host.add(node);
    for (const name of node.output) if (name) onHost.add(name);
  }
  return host;
}

/**
 * Splits a graph for a device that computes floats: integers, shapes, masks and positions are computed by the host and
 * given to the device. `graph`, whose shapes are lifted, becomes the device's part.
 */
export function splitGraph(graph: EditableGraph): Split {
  const flow = new Flow(graph);
  const host = hostNodes(graph, flow);
  const { facts } = tapeOf(graph);
  const between = flow.order
    .filter((node) => host.has(node))
    .flatMap((node) => node.output)
    .filter((name) => name && (graph.isOutput(name) || graph.consumers(name).some((n) => !host.has(n))));
  if (between.length === 0) return { host: undefined, device: graph, between };
  const before = graph.clone();
  const kept = graph.outputs;
  before.outputs = [];
  for (const name of between) before.addOutput(name, facts.type(name) ?? 'float32');
  before.cutAt(between);
  for (const node of host) graph.removeNode(node);
  for (const name of between) graph.addInput(name, facts.type(name) ?? 'float32', facts.shape(name));
  graph.outputs = kept;
  graph.prune();
  return { host: before, device: graph, between };
}
