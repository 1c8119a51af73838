import type { Sizes } from './feeds.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { metricsPerPass } from './memory.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { scanOver } from './scan.ts';
import type { Session } from './session.ts';
import { concat, rows } from './stack.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';

/** A graph of K metrics and what follows from them, ready to run. */
export interface GroupSession {
  readonly session: Session;
  /** Whether the metrics go through a loop inside the graph. */
  readonly loop: boolean;
  /** Values that carry the metrics as first axis: the name before the loop and the graph's output. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Tensors that carry the metrics as first axis, by graph input. */
export type Groups = Readonly<Record<string, Tensor<'float32'>>>;

/**
 * Opens a graph whose `inputs` and `outputs` carry the metrics as first axis. On a CPU they go through a loop in the graph, in groups that the
 * cache holds (where the runtime can be told how many axes they have); a GPU takes them all at once.
 */
export async function openGroups(
  forward: Forward,
  graph: EditableGraph,
  tape: Tape,
  inputs: readonly string[],
  outputs: readonly string[],
): Promise<GroupSession> {
  // what goes in unchanged is no output of a loop's body
  const given = outputs.map((name) => (inputs.includes(name) ? tape.op('Identity', [name]) : name));
  const shaped = given.map((name) => ({ name, rank: tape.facts.shape(name)?.length ?? 0 }));
  const loop = forward.device === 'cpu' && shaped.every(({ rank }) => rank > 0);
  const made = loop ? scanOver(graph, inputs, shaped) : given;
  for (const name of made) graph.addOutput(name, 'float32');
  graph.prune();
  const names = new Map(outputs.map((name, i) => [name, made[i]!]));
  return { session: await forward.open(graph), loop, outputs: names };
}

/** Feeds of a session out of all that there is. */
export const feedsFor = (session: Session, all: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(session.inputNames.map((name) => [name, all[name]!]));

/** `[K, ...]` as `[groups, group, ...]`, the last group filled with zeros. */
function grouped(tensor: Tensor<'float32'>, group: number): Tensor {
  const [total, ...rest] = tensor.dims as [number, ...number[]];
  const groups = Math.ceil(total / group);
  const size = groups * group * sizeOf(rest);
  if (size === tensor.data.length) return f32(tensor.data, [groups, group, ...rest]);
  const data = new Float32Array(size);
  data.set(tensor.data);
  return f32(data, [groups, group, ...rest]);
}

/**
 * Runs K metrics. Gives every output of the session by its first name; those that carry the metrics are `[K, ...]`, the others come
 * from the first pass.
 */
export async function runGroups(
  forward: Forward,
  { session, loop, outputs }: GroupSession,
  groups: Groups,
  sizes: Sizes,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const total = Object.values(groups)[0]!.dims[0]!;
  const passes = Math.ceil(total / metricsPerPass(forward, sizes, loop ? 'cache' : 'memory'));
  // groups of equal size: a short last one would be filled up with zeros
  const group = Math.ceil(total / passes);
  const part = (make: (tensor: Tensor<'float32'>) => Tensor) =>
    Object.fromEntries(Object.entries(groups).map(([name, tensor]) => [name, make(tensor)]));
  if (loop) {
    const all = { ...feeds, ...part((tensor) => grouped(tensor, group)) };
    const got = await session.run(feedsFor(session, all));
    for (const [name, output] of outputs) {
      const { data, dims } = got[output]!;
      const rest = dims.slice(2);
      got[name] = f32((data as Float32Array).subarray(0, total * sizeOf(rest)), [total, ...rest]);
    }
    return got;
  }
  const runs: Record<string, Tensor>[] = [];
  for (let k = 0; k < total; k += group) {
    const some = part((tensor) => rows(tensor, k, Math.min(total, k + group)));
    runs.push(await session.run(feedsFor(session, { ...feeds, ...some })));
  }
  const joined = [...outputs.values()].map((name) => [name, concat(runs.map((run) => run[name]!))] as const);
  return { ...runs[0]!, ...Object.fromEntries(joined) };
}
