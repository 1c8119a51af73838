import type { GraphProto, NodeProto } from 'onnx-buf';
import { constantNode } from './onnx/attributes.ts';
import { subgraphs } from './onnx/check.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { type ReadExternal, tensorValue } from './onnx/values.ts';
import { ARRAY, sizeOf, type Tensor } from './tensor.ts';

/** What a branch gives, where it holds constants alone. */
function constantsOf(branch: GraphProto, external?: ReadExternal): Tensor[] | undefined {
  const values = new Map<string, Tensor>();
  for (const weight of branch.initializer) values.set(weight.name, tensorValue(weight, external));
  for (const node of branch.node) {
    const tensor = node.opType === 'Constant' ? constantNode(node) : undefined;
    if (!tensor) return undefined;
    values.set(node.output[0]!, tensor);
  }
  const given = branch.output.map(({ name }) => values.get(name));
  return given.every((tensor) => tensor !== undefined) ? given : undefined;
}

/** Two tables, one below the other; undefined where their rows are unlike. */
function stacked(a: Tensor, b: Tensor): Tensor | undefined {
  const width = (t: Tensor) => t.dims.slice(1).join();
  if (a.type !== b.type || !a.dims.length || a.dims.length !== b.dims.length || width(a) !== width(b)) return undefined;
  const data = new ARRAY[a.type](a.data.length + b.data.length);
  data.set(a.data as never);
  data.set(b.data as never, a.data.length);
  const rows = a.dims[0]! + b.dims[0]!;
  return sizeOf(a.dims) && sizeOf(b.dims) ? { type: a.type, dims: [rows, ...a.dims.slice(1)], data } : undefined;
}

/**
 * A choice between constant tables, such as the rotary tables of short and long texts: the tables become one weight, of
 * which the condition takes a slice. So shapes are known, and every device computes it.
 */
export function sliceChoice(graph: EditableGraph, node: NodeProto): void {
  if (node.opType !== 'If' || !graph.nodes.has(node)) return;
  const branch = (name: string) => node.attribute.find((a) => a.name === name)?.g;
  const [yes, no] = [branch('then_branch'), branch('else_branch')].map(
    (g) => g && constantsOf(g, graph.model.external),
  );
  if (!yes || !no || subgraphs(node).length !== 2 || yes.length !== no.length) return;
  const tables = yes.map((table, i) => stacked(table, no[i]!));
  if (!tables.every((table) => table !== undefined)) return;
  const condition = node.input[0]!;
  graph.removeNode(node);
  tables.forEach((table, i) => {
    const rows = yes[i]!.dims[0]!;
    const pick = (a: number, b: number) => {
      const chosen = graph.op('Where', [condition, graph.addInts(a), graph.addInts(b)]);
      return graph.op('Reshape', [chosen, graph.addInts([1])]);
    };
    const range = [pick(0, rows), pick(rows, table.dims[0]!), graph.addInts([0])];
    const slice = graph.op('Slice', [graph.addConstant(table, 'table'), ...range]);
    graph.setOutput(graph.producer(slice)!, 0, node.output[i]!);
  });
}
