import type { EditableGraph } from '../onnx/graph.ts';
import { openSession, type Session, type SessionOptions } from '../session.ts';
import type { Tensor } from '../tensor.ts';
import { computeFactors } from './norm.ts';
import { liftShapes } from './shapes.ts';
import { splitGraph } from './split.ts';

const pick = (from: Readonly<Record<string, Tensor>>, names: readonly string[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));

/**
 * Opens a graph on a device. On a GPU every node of the part that computes floats runs there; masks, positions and shapes
 * are computed by the host first. `graph` is used up. Throws `GraphError` where a node would fall back to the CPU.
 */
export async function openGraph(graph: EditableGraph, options: SessionOptions): Promise<Session> {
  liftShapes(graph);
  graph.prune();
  if ((options.device ?? 'cpu') === 'cpu' || options.mixed) return openSession(graph.toBytes(), options);
  const inputNames = graph.inputs.map(({ name }) => name);
  const outputNames = graph.outputs.map(({ name }) => name);
  computeFactors(graph);
  const { host, device, between } = splitGraph(graph);
  const first = host && (await openSession(host.toBytes(), { ...options, device: 'cpu' }));
  const second = await openSession(device.toBytes(), options).catch(async (error) => {
    await first?.close();
    throw error;
  });
  return {
    inputNames,
    outputNames,
    placement: { device: options.device!, nodes: device.nodes.size, host: host?.nodes.size ?? 0 },
    async run(inputs, outputs = outputNames, into = {}) {
      const early = first ? await first.run(pick(inputs, first.inputNames), between) : {};
      const all = { ...inputs, ...early };
      return second.run(pick(all, second.inputNames), outputs, into);
    },
    close: async () => {
      await first?.close();
      await second.close();
    },
  };
}
