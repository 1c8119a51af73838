import type { Place } from './anatomy/index.ts';
import type { Sizes } from './feeds.ts';
import type { Forward } from './forward.ts';
import { type GradientGraph, gradientGraph, type MakeSeed, metricSeed } from './gradient-graph.ts';
import { type GroupSession, type Groups, openGroups, runGroups } from './groups.ts';
import { METRIC_INPUTS, METRICS, metricFeeds, metricGroups, metricKey } from './metric.ts';
import { asGraphHas } from './segment.ts';
import { layerOf, postSite, preSite, readIn } from './site.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';
import type { DecoderInputs, GradientResult, Metric, Site } from './types.ts';

const COTANGENT = 'parallax.cotangent';

/** A gradient that comes in as an input `[K, ...value]`. */
const cotangentSeed: MakeSeed = (graph, tape, place) => {
  const shape = tape.facts.shape(place.value) ?? Array.from({ length: place.rank }, (_, i) => `parallax_c_${i}`);
  const cotangent = graph.addInput(COTANGENT, 'float32', [METRICS, ...shape]);
  tape.facts.input(graph.inputs.at(-1)!);
  return { seed: { value: place.value, cotangent } };
};

/** One stage of the backward pass: from `from` to `at`. */
interface Stage {
  readonly from: Site;
  readonly at: Site;
  readonly wrt: readonly Site[];
  /** The metric, in the stage that reads it. */
  readonly metric?: Metric;
}

type Plan = GroupSession & Pick<GradientGraph, 'metric' | 'grads' | 'start' | 'places'>;

async function plan(forward: Forward, { from, at, wrt, metric }: Stage): Promise<Plan> {
  const seed = metric ? metricSeed(forward, metric) : cotangentSeed;
  const made = gradientGraph(forward, { from, at, wrt, seed });
  const outputs = [...(made.metric ? [made.metric] : []), ...new Set(made.grads.values())];
  const session = await openGroups(forward, made.graph, made.tape, metric ? METRIC_INPUTS : [COTANGENT], outputs);
  return { ...session, metric: made.metric, grads: made.grads, start: made.start, places: made.places };
}

/** The stages that lead from a metric down to the sites asked for, topmost first. */
function stagesOf({ anatomy }: Forward, metric: Metric, wrt: readonly Site[]): Stage[] {
  const { places, layers } = anatomy;
  const end = readIn(anatomy, metric.at);
  const entry = new Map(Array.from({ length: layers }, (_, l) => [places.get(preSite(l))!.value, l]));
  /** A site is found in its layer, or where its value enters one. */
  const home = (site: Site) => entry.get(places.get(site)!.value) ?? layerOf(site, layers);
  const lowest = Math.min(...wrt.map(home).filter((l) => l <= end.layer), end.layer);
  const stages: Stage[] = [];
  for (let l = end.layer; l >= lowest; l -= 1) {
    const from = l < 0 ? 'hook_embed' : preSite(l);
    const own = wrt.filter((site) => home(site) === l);
    const last = l === end.layer;
    const at = last ? end.site : l < 0 ? preSite(0) : postSite(l);
    stages.push({ from, at, wrt: [...new Set([...own, from])], ...(last ? { metric } : {}) });
  }
  return stages;
}

const shaped = (tensor: Tensor, dims: readonly number[]) => f32(tensor.data as Float32Array, dims);

/**
 * `Decoder.gradient` that keeps only the stream between layers of the forward pass and computes each layer again: the same values, for
 * one more forward pass, in the memory of one layer.
 */
export async function gradientByLayer(
  forward: Forward,
  inputs: DecoderInputs,
  metric: Metric,
  wrt: readonly Site[],
  sizes: Sizes,
): Promise<GradientResult> {
  for (const site of [metric.at, ...wrt]) forward.checkSite(site);
  const stages = stagesOf(forward, metric, wrt);
  const values = await forward.run(inputs, { taps: [...new Set([...wrt, ...stages.map((s) => s.from)])] });
  const given = forward.inputs(inputs);
  const count = metric.direction.dims[0]!;
  const grads = new Map<string, Tensor<'float32'>>();
  let value: Tensor | undefined;
  let cotangent: Tensor<'float32'> | undefined;
  for (const stage of stages) {
    const own: Groups = stage.metric ? metricGroups(metric) : { [COTANGENT]: cotangent! };
    cotangent = await forward.sessions.use(
      JSON.stringify(['layer', stage.from, stage.at, stage.wrt, stage.metric && metricKey(metric)]),
      () => plan(forward, stage),
      async (made) => {
        const start = asGraphHas(values[stage.from]!, made.places.get(stage.from) as Place);
        const feeds = { ...given, ...(stage.metric ? metricFeeds(metric) : {}), [made.start!]: start };
        const got = await runGroups(forward, made, own, sizes, feeds);
        if (made.metric) value = got[made.metric];
        for (const [site, name] of made.grads) grads.set(site, got[name] as Tensor<'float32'>);
        return grads.get(stage.from);
      },
    );
    if (!cotangent) break;
  }
  const zero = (dims: readonly number[]) => f32(new Float32Array(count * sizeOf(dims)), [count, ...dims]);
  return {
    metric: shaped(value!, [count, sizes.batch]),
    grads: Object.fromEntries(
      wrt.map((site) => {
        const { dims } = values[site]!;
        const found = grads.get(site);
        return [site, found ? shaped(found, [count, ...dims]) : zero(dims)];
      }),
    ),
    values: Object.fromEntries(wrt.map((site) => [site, values[site]!])),
  };
}
