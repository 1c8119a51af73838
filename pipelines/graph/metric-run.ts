import type { Sizes } from './feeds.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { metricsPerPass } from './memory.ts';
import { GROUP_INPUTS, metricFeeds, sliceMetric } from './metric.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { scanOver } from './scan.ts';
import type { Session } from './session.ts';
import { concat } from './stack.ts';
import { f32, type Tensor } from './tensor.ts';
import type { Metric } from './types.ts';

/** A graph of K metrics and what follows from them, ready to run. */
export interface MetricSession {
  readonly session: Session;
  /** Whether the metrics go through a loop inside the graph. */
  readonly loop: boolean;
  /** Values that carry the metrics as first axis: the name before the loop and the graph's output. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * Opens a graph whose `outputs` carry the metrics as first axis. On a CPU they go through a loop in the graph, in groups that the
 * cache holds (where the runtime can be told how many axes they have); a GPU takes them all at once.
 */
export async function openMetrics(
  forward: Forward,
  graph: EditableGraph,
  tape: Tape,
  outputs: readonly string[],
): Promise<MetricSession> {
  const shaped = outputs.map((name) => ({ name, rank: tape.facts.shape(name)?.length ?? 0 }));
  const loop = forward.device === 'cpu' && shaped.every(({ rank }) => rank > 0);
  const made = loop ? scanOver(graph, GROUP_INPUTS, shaped) : outputs;
  for (const name of made) graph.addOutput(name, 'float32');
  graph.prune();
  const names = new Map(outputs.map((name, i) => [name, made[i]!]));
  return { session: await forward.open(graph), loop, outputs: names };
}

/** Feeds of a session out of all that there is. */
export const feedsFor = (session: Session, all: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(session.inputNames.map((name) => [name, all[name]!]));

/** Metrics as `[groups, group, ...]`, the last group filled with zeros. */
function grouped(metric: Metric, group: number): Record<string, Tensor> {
  const feeds = metricFeeds(metric);
  const groups = Math.ceil(metric.direction.dims[0]! / group);
  for (const name of GROUP_INPUTS) {
    const tensor = feeds[name]!;
    const rest = tensor.dims.slice(1);
    const data = new Float32Array(groups * group * rest.reduce((a, b) => a * b, 1));
    data.set(tensor.data as Float32Array);
    feeds[name] = f32(data, [groups, group, ...rest]);
  }
  return feeds;
}

/**
 * Runs K metrics. Gives every output of the session by its first name; those that carry the metrics are `[K, ...]`, the others come
 * from the first pass.
 */
export async function runMetrics(
  forward: Forward,
  { session, loop, outputs }: MetricSession,
  metric: Metric,
  sizes: Sizes,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const total = metric.direction.dims[0]!;
  const passes = Math.ceil(total / metricsPerPass(forward, sizes, loop ? 'cache' : 'memory'));
  // groups of equal size: a short last one would be filled up with zeros
  const group = Math.ceil(total / passes);
  if (loop) {
    const got = await session.run(feedsFor(session, { ...feeds, ...grouped(metric, group) }));
    for (const [name, output] of outputs) {
      const { data, dims } = got[output]!;
      const rest = dims.slice(2);
      const size = total * rest.reduce((a, b) => a * b, 1);
      got[name] = f32((data as Float32Array).subarray(0, size), [total, ...rest]);
    }
    return got;
  }
  const runs: Record<string, Tensor>[] = [];
  for (let k = 0; k < total; k += group) {
    const part = metricFeeds(sliceMetric(metric, k, Math.min(total, k + group)));
    runs.push(await session.run(feedsFor(session, { ...feeds, ...part })));
  }
  const joined = [...outputs.values()].map((name) => [name, concat(runs.map((run) => run[name]!))] as const);
  return { ...runs[0]!, ...Object.fromEntries(joined) };
}
