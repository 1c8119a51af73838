import type { Place } from './anatomy/index.ts';
import { gradientByLayer } from './by-layer.ts';
import { type Sizes, sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import { gradientGraph, metricSeed } from './gradient-graph.ts';
import { type GroupSession, openGroups, runGroups } from './groups.ts';
import { batchParts } from './memory.ts';
import { checkMetric, METRIC_INPUTS, metricFeeds, metricGroups, metricKey } from './metric.ts';
import { ONNX_TYPE } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { layerOf } from './site.ts';
import { concat, concatBatch, rows, someInputs } from './stack.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';
import type { DecoderInputs, GradientResult, Metric, Site } from './types.ts';

/** A site's value as a graph output of float32. */
export function outputValue(graph: EditableGraph, place: Place): string {
  const float = place.type === 'float32' ? place.value : graph.op('Cast', [place.value], { to: ONNX_TYPE.float32 });
  const whole = place.bias ? graph.op('Add', [float, place.bias]) : float;
  return graph.addOutput(graph.isInput(whole) ? graph.op('Identity', [whole]) : whole, 'float32');
}

interface Plan extends GroupSession {
  readonly metric: string;
  readonly places: ReadonlyMap<Site, Place>;
  readonly values: ReadonlyMap<Site, string>;
  readonly grads: ReadonlyMap<Site, string>;
}

async function plan(forward: Forward, metric: Metric, wrt: readonly Site[]): Promise<Plan> {
  const spec = { at: metric.at, wrt, seed: metricSeed(forward, metric) };
  const { graph, tape, places, metric: value, grads } = gradientGraph(forward, spec);
  const values = new Map(wrt.map((site) => [site, outputValue(graph, places.get(site)!)]));
  const made = await openGroups(forward, graph, tape, METRIC_INPUTS, [value!, ...new Set(grads.values())]);
  return { ...made, metric: value!, places, values, grads };
}

/** Axes of a site's value. */
function siteDims(place: Place, { dims }: Tensor, forward: Forward, { batch, pos }: Sizes): number[] {
  const { heads, dHead } = forward.anatomy;
  if (place.layout === 'heads') return [batch, pos, sizeOf(dims) / (batch * pos * dHead), dHead];
  if (place.layout === 'pattern') return [batch, heads, pos, sizeOf(dims) / (batch * heads * pos)];
  return [batch, pos, sizeOf(dims) / (batch * pos)];
}

const float = (tensor: Tensor, dims: readonly number[]): Tensor<'float32'> => f32(tensor.data as Float32Array, dims);

/** Forward and backward pass in one graph. */
async function whole(
  forward: Forward,
  inputs: DecoderInputs,
  metric: Metric,
  wrt: readonly Site[],
  sizes: Sizes,
): Promise<GradientResult> {
  const given = forward.inputs(inputs);
  return forward.sessions.use(
    JSON.stringify(['gradient', metricKey(metric), wrt]),
    () => plan(forward, metric, wrt),
    async (made) => {
      const got = await runGroups(forward, made, metricGroups(metric), sizes, { ...given, ...metricFeeds(metric) });
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
}

/** Results of parts of a batch as one. */
function join(parts: readonly GradientResult[], wrt: readonly Site[]): GradientResult {
  const all = <T>(pick: (part: GradientResult, site: Site) => T, put: (parts: T[]) => Tensor<'float32'>) =>
    Object.fromEntries(wrt.map((site) => [site, put(parts.map((part) => pick(part, site)))]));
  return {
    metric: concatBatch(parts.map((part) => part.metric)),
    grads: all((part, site) => part.grads[site]!, concatBatch),
    values: all(
      (part, site) => part.values[site]!,
      (values) => concat(values) as Tensor<'float32'>,
    ),
  };
}

/** `Decoder.gradient`: one forward and one backward pass for all metrics, in parts where they would keep too much. */
export const gradientOf =
  (forward: Forward) =>
  async (inputs: DecoderInputs, metric: Metric, wrt: readonly Site[]): Promise<GradientResult> => {
    const { anatomy, shared } = forward;
    const sizes = sizesOf(anatomy, inputs);
    checkMetric(metric, { ...sizes, dModel: anatomy.dModel });
    const { batch } = sizes;
    const parts = batchParts(forward, sizes, layerOf(metric.at, anatomy.layers) + 1);
    if (parts <= 1) return whole(forward, inputs, metric, wrt, sizes);
    const step = Math.max(1, Math.floor(batch / parts));
    const results: GradientResult[] = [];
    for (let at = 0; at < batch; at += step) {
      const end = Math.min(batch, at + step);
      const some = someInputs(inputs, at, end, batch, shared);
      const own = { ...metric, mask: rows(metric.mask, at, end) };
      const run = parts > batch ? gradientByLayer : whole;
      results.push(await run(forward, some, own, wrt, { ...sizes, batch: end - at }));
    }
    return join(results, wrt);
  };
