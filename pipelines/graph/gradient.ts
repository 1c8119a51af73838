import type { NodeProto } from 'onnx-buf';
import type { Place } from './anatomy/index.ts';
import { type Sizes, sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import { activeValues, differentiate, ruleOf } from './grad/differentiate.ts';
import type { Tape } from './grad/tape.ts';
import { allowBatches } from './lower/batch.ts';
import { canLower, lower } from './lower/index.ts';
import { orderedNodes, tapeOf } from './lower/kit.ts';
import { addMetric, checkMetric, METRICS, metricKey } from './metric.ts';
import { type MetricSession, openMetrics, runMetrics } from './metric-run.ts';
import { ONNX_TYPE } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';
import type { DecoderInputs, GradientResult, Metric, Site } from './types.ts';

/** Nodes that a value depends on. */
function ancestors(graph: EditableGraph, value: string): Set<NodeProto> {
  const found = new Set<NodeProto>();
  const stack = [value];
  while (stack.length) {
    const node = graph.producer(stack.pop()!);
    if (!node || found.has(node)) continue;
    found.add(node);
    stack.push(...node.input);
  }
  return found;
}

/** Drops what none of the values needs; the graph is left without outputs. */
function keepOnly(graph: EditableGraph, values: readonly string[]): void {
  const needed = new Set(values.flatMap((value) => [...ancestors(graph, value)]));
  graph.outputs = [];
  for (const node of [...graph.nodes]) if (!needed.has(node)) graph.removeNode(node);
}

/** Lowers the fused nodes between `wrt` and `target` that have no gradient rule of their own. */
function lowerBetween(graph: EditableGraph, tape: Tape, wrt: readonly string[], target: string): void {
  const below = ancestors(graph, target);
  const active = activeValues(orderedNodes(graph), wrt);
  const needed = (node: NodeProto) =>
    below.has(node) && !ruleOf(node) && canLower(node) && node.input.some((x) => active.has(x));
  lower(graph, needed, tape);
}

/** A graph that computes metrics of one site and their gradients, not yet cut. */
export interface GradientGraph {
  readonly graph: EditableGraph;
  readonly tape: Tape;
  readonly places: ReadonlyMap<Site, Place>;
  /** `[K, batch]` */
  readonly metric: string;
  /** By site, the gradient `[K, ...value]`; absent where the metric does not depend on the site. */
  readonly grads: ReadonlyMap<Site, string>;
}

/** Forward and backward pass in one graph. Throws `GraphError`. */
export function gradientGraph(forward: Forward, metric: Metric, wrt: readonly Site[]): GradientGraph {
  for (const site of [metric.at, ...wrt]) forward.checkSite(site);
  const { copy: graph, places } = forward.edited([metric.at, ...wrt]);
  keepOnly(
    graph,
    [metric.at, ...wrt].map((site) => places.get(site)!.value),
  );
  const tape = tapeOf(graph);
  allowBatches(graph, tape);
  const at = places.get(metric.at)!;
  const values = wrt.map((site) => places.get(site)!.value);
  lowerBetween(graph, tape, values, at.value);
  const { value, seed } = addMetric(graph, tape, at, metric, forward.anatomy.dModel);
  const found = differentiate(tape, orderedNodes(graph), [seed], [...new Set(values)], { lead: METRICS });
  const grads = new Map(
    wrt.flatMap((site, i) => (found.has(values[i]!) ? [[site, found.get(values[i]!)!] as const] : [])),
  );
  return { graph, tape, places, metric: value, grads };
}

/** A site's value as a graph output of float32. */
export function outputValue(graph: EditableGraph, place: Place): string {
  const float = place.type === 'float32' ? place.value : graph.op('Cast', [place.value], { to: ONNX_TYPE.float32 });
  const whole = place.bias ? graph.op('Add', [float, place.bias]) : float;
  return graph.addOutput(graph.isInput(whole) ? graph.op('Identity', [whole]) : whole, 'float32');
}

interface Plan extends MetricSession {
  readonly metric: string;
  readonly places: ReadonlyMap<Site, Place>;
  readonly values: ReadonlyMap<Site, string>;
  readonly grads: ReadonlyMap<Site, string>;
}

async function plan(forward: Forward, metric: Metric, wrt: readonly Site[]): Promise<Plan> {
  const { graph, tape, places, metric: value, grads } = gradientGraph(forward, metric, wrt);
  const values = new Map(wrt.map((site) => [site, outputValue(graph, places.get(site)!)]));
  const made = await openMetrics(forward, graph, tape, [value, ...new Set(grads.values())]);
  return { ...made, metric: value, places, values, grads };
}

/** Axes of a site's value. */
function siteDims(place: Place, { dims }: Tensor, forward: Forward, { batch, pos }: Sizes): number[] {
  const { heads, dHead } = forward.anatomy;
  if (place.layout === 'heads') return [batch, pos, sizeOf(dims) / (batch * pos * dHead), dHead];
  if (place.layout === 'pattern') return [batch, heads, pos, sizeOf(dims) / (batch * heads * pos)];
  return [batch, pos, sizeOf(dims) / (batch * pos)];
}

const float = (tensor: Tensor, dims: readonly number[]): Tensor<'float32'> => f32(tensor.data as Float32Array, dims);

/** `Decoder.gradient`: one forward pass and one backward pass for all metrics. */
export const gradientOf =
  (forward: Forward) =>
  async (inputs: DecoderInputs, metric: Metric, wrt: readonly Site[]): Promise<GradientResult> => {
    const sizes = sizesOf(forward.anatomy, inputs);
    checkMetric(metric, { ...sizes, dModel: forward.anatomy.dModel });
    const given = forward.inputs(inputs);
    return forward.sessions.use(
      JSON.stringify(['gradient', metricKey(metric), wrt]),
      () => plan(forward, metric, wrt),
      async (made) => {
        const got = await runMetrics(forward, made, metric, sizes, given);
        const count = metric.direction.dims[0]!;
        const value = (site: Site) => got[made.values.get(site)!]!;
        const dims = (site: Site) => siteDims(made.places.get(site)!, value(site), forward, sizes);
        const grad = (site: Site) => {
          const shape = [count, ...dims(site)];
          const name = made.grads.get(site);
          return name ? float(got[name]!, shape) : f32(new Float32Array(sizeOf(shape)), shape);
        };
        return {
          metric: float(got[made.metric]!, [count, sizes.batch]),
          grads: Object.fromEntries(wrt.map((site) => [site, grad(site)])),
          values: Object.fromEntries(wrt.map((site) => [site, float(value(site), dims(site))])),
        };
      },
    );
  };
