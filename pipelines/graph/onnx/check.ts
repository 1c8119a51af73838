import type { GraphProto, ModelProto, NodeProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { byteSize, externalRange } from './values.ts';

/** Operator domains that the runtime knows. Local functions of the model are allowed beside them. */
const DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc']);

const bad = (message: string) => new GraphError('malformed', message, 'export or download the file again');

/** Subgraphs of control flow. */
export const subgraphs = (node: NodeProto): GraphProto[] =>
  node.attribute.flatMap((a) => (a.g ? [a.g, ...a.graphs] : a.graphs));

/** Outer values that a node's subgraphs read. */
export function captures(node: NodeProto): Set<string> {
  const free = new Set<string>();
  for (const graph of subgraphs(node)) {
    const own = new Set([...graph.input, ...graph.initializer].map((v) => v.name));
    for (const inner of graph.node) {
      for (const name of [...inner.input, ...captures(inner)]) if (name && !own.has(name)) free.add(name);
      for (const name of inner.output) own.add(name);
    }
    for (const { name } of graph.output) if (name && !own.has(name)) free.add(name);
  }
  return free;
}

/** Every value that a node reads, once. */
export const reads = (node: NodeProto): Set<string> => {
  const names = new Set(node.input);
  names.delete('');
  if (node.attribute.length) for (const name of captures(node)) names.add(name);
  return names;
};

/**
 * Nodes in an order where each follows its inputs; stable. Throws `GraphError` on a cycle or a value that nothing gives.
 */
export function sortNodes(nodes: readonly NodeProto[], given: ReadonlySet<string>): NodeProto[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const name of node.output) {
      if (!name) continue;
      if (producer.has(name) || given.has(name)) throw bad(`the value "${name}" is made twice`);
      producer.set(name, i);
    }
  });
  const waits = new Int32Array(nodes.length);
  const readers: number[][] = nodes.map(() => []);
  nodes.forEach((node, i) => {
    for (const name of reads(node)) {
      const from = producer.get(name);
      if (from !== undefined) {
        waits[i]! += 1;
        readers[from]!.push(i);
      } else if (!given.has(name))
        throw bad(`node "${node.name}" (${node.opType}) reads "${name}", which nothing gives`);
    }
  });
  const order: NodeProto[] = [];
  const done = new Uint8Array(nodes.length);
  const visit = (start: number) => {
    const ready = [start];
    while (ready.length) {
      const i = ready.pop()!;
      if (done[i] || waits[i]! > 0) continue;
      done[i] = 1;
      order.push(nodes[i]!);
      for (const next of readers[i]!) {
        waits[next]! -= 1;
        if (next < visited) ready.push(next);
      }
    }
  };
  let visited = 0;
  for (; visited < nodes.length; visited += 1) visit(visited);
  if (order.length < nodes.length) {
    const stuck = nodes[done.indexOf(0)]!;
    throw bad(`the graph has a cycle through node "${stuck.name}" (${stuck.opType})`);
  }
  return order;
}

/** Names that the graph has from outside its nodes. */
export const givenNames = (graph: GraphProto): Set<string> =>
  new Set([...graph.input.map((v) => v.name), ...graph.initializer.map((t) => t.name)]);

/** Checks what every later step takes for granted, and sorts the nodes. Throws `GraphError`. */
export function checkModel(model: ModelProto): void {
  const graph = model.graph!;
  if (!model.opsetImport.some(({ domain }) => domain === '' || domain === 'ai.onnx'))
    throw bad('the model does not say which ONNX operators it uses (no opset_import)');
  if (graph.sparseInitializer.length)
    throw new GraphError('unsupported', 'the graph has sparse weights', 'export the model with dense weights');
  const local = new Set(model.functions.map((f) => f.domain));
  for (const { domain, opType, name } of graph.node)
    if (!DOMAINS.has(domain) && !local.has(domain))
      throw new GraphError(
        'unsupported',
        `node "${name}" is ${domain}::${opType}: the operator domain "${domain}" is unknown`,
        'export the model with operators of ONNX and com.microsoft',
      );
  const given = givenNames(graph);
  if (new Set(graph.initializer.map((t) => t.name)).size < graph.initializer.length)
    throw bad('two weights have one name');
  for (const tensor of graph.initializer) {
    const expected = byteSize(tensor);
    if (!externalRange(tensor) && tensor.rawData.byteLength && tensor.rawData.byteLength !== expected)
      throw bad(
        `tensor "${tensor.name}" of shape [${tensor.dims}] has ${tensor.rawData.byteLength} bytes instead of ${expected}`,
      );
  }
  graph.node = sortNodes(graph.node, given);
  const known = new Set([...given, ...graph.node.flatMap((n) => n.output)]);
  for (const { name } of graph.output) if (!known.has(name)) throw bad(`the graph output "${name}" is made by no node`);
}
