import type { Place } from './anatomy/index.ts';
import { attributeGradients, halves, joinSides } from './attribution-host.ts';
import { gradientByLayer } from './by-layer.ts';
import { GraphError } from './errors.ts';
import { type Sizes, sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { type GradientGraph, gradientGraph, metricSeed } from './gradient-graph.ts';
import { type GroupSession, openGroups, runGroups } from './groups.ts';
import { batchParts } from './memory.ts';
import { checkMetric, METRIC_INPUTS, metricFeeds, metricGroups, metricKey } from './metric.ts';
import { ONNX_TYPE } from './onnx/build.ts';
import { layerOf, zSite } from './site.ts';
import { concat, rows, someInputs, stackInputs, stackLayers } from './stack.ts';
import { f32, type Tensor } from './tensor.ts';
import { addTwin, twinInput } from './twin.ts';
import type {
  Attribution,
  AttributionOptions,
  AttributionSide,
  DecoderInputs,
  GradientResult,
  Metric,
} from './types.ts';

const COUNT = 'parallax.positions';

/** Where the z of the other run comes from: a second run in the same graph, or the other half of a batch of both. */
type Other = 'twin' | 'half';

/** z as `[batch, pos, head, dHead]` of float32. */
function headsOf(tape: Tape, { value, rank, type }: Place, heads: number, dHead: number): string {
  const x = type === 'float32' ? value : tape.op('Cast', [value], { to: ONNX_TYPE.float32 });
  if (rank === 4) return x;
  if (rank === 3) return tape.op('Reshape', [x, tape.ints([0, 0, heads, dHead])]);
  const sizes = tape.op('Concat', [tape.op('Shape', [COUNT]), tape.ints([heads, dHead])], { axis: 0 });
  return tape.op('Reshape', [x, sizes]);
}

/** The two halves of a batch, exchanged. */
function exchange(tape: Tape, z: string): string {
  const size = tape.op('Gather', [tape.op('Shape', [z]), tape.ints([0])], { axis: 0 });
  const middle = tape.op('Div', [size, tape.ints([2])]);
  const [axis, zero] = [tape.ints([0]), tape.ints([0])];
  const second = tape.op('Slice', [z, middle, size, axis]);
  return tape.op('Concat', [second, tape.op('Slice', [z, zero, middle, axis])], { axis: 0 });
}

interface Plan extends GroupSession {
  readonly metric: string;
  /** By layer: effect `[K, batch, head]`, absolute `[K, batch, head]`, by position `[K, batch, pos, head]`. */
  readonly layers: readonly { readonly effect: string; readonly absolute: string; readonly byPosition?: string }[];
}

/** Adds the products with the gradient and their sums to a gradient graph, layer by layer. */
function reduce(
  forward: Forward,
  made: GradientGraph,
  layers: number,
  twins: ReadonlyMap<string, string> | undefined,
  byPosition: boolean,
): Plan['layers'] {
  const { graph, tape, places, grads } = made;
  const { heads, dHead } = forward.anatomy;
  const count = graph.addInput(COUNT, 'float32', ['parallax_B', 'parallax_T']);
  tape.facts.input(graph.inputs.at(-1)!);
  const share = tape.op('Reciprocal', [tape.op('ReduceSum', [count, tape.ints([1])], { keepdims: 1 })]);
  const column = tape.op('Unsqueeze', [count, tape.ints([2])]);
  return Array.from({ length: layers }, (_, layer) => {
    const place = places.get(zSite(layer))!;
    const z = headsOf(tape, place, heads, dHead);
    const theirs = twins
      ? headsOf(tape, { ...place, value: twins.get(place.value)! }, heads, dHead)
      : exchange(tape, z);
    const change = tape.op('Sub', [theirs, z]);
    const shape = tape.op('Shape', [change]);
    const grad = grads.get(zSite(layer));
    if (!grad) throw new GraphError('argument', `the metric does not depend on layer ${layer}`, 'choose a lower layer');
    const wide = tape.op('Reshape', [grad, tape.op('Concat', [tape.ints([-1]), shape], { axis: 0 })]);
    const here = tape.op('ReduceSum', [tape.op('Mul', [wide, change]), tape.ints([4])], { keepdims: 0 });
    const counted = tape.op('Mul', [here, column]);
    const sum = tape.op('ReduceSum', [counted, tape.ints([2])], { keepdims: 0 });
    const absolute = tape.op('ReduceSum', [tape.op('Abs', [counted]), tape.ints([2])], { keepdims: 0 });
    return {
      effect: sum,
      absolute: tape.op('Mul', [absolute, share]),
      ...(byPosition ? { byPosition: counted } : {}),
    };
  });
}

async function plan(
  forward: Forward,
  metric: Metric,
  layers: number,
  other: Other,
  byPosition: boolean,
): Promise<Plan> {
  const sites = Array.from({ length: layers }, (_, layer) => zSite(layer));
  const made = gradientGraph(forward, { at: metric.at, wrt: sites, seed: metricSeed(forward, metric) });
  const { graph, tape, places } = made;
  const z = sites.map((site) => places.get(site)!.value);
  const twins = other === 'twin' ? addTwin(graph, tape, z, forward.shared) : undefined;
  const outputs = reduce(forward, made, layers, twins, byPosition);
  const names = outputs.flatMap((layer) => Object.values(layer) as string[]);
  return {
    ...(await openGroups(forward, graph, tape, METRIC_INPUTS, [made.metric!, ...names])),
    metric: made.metric!,
    layers: outputs,
  };
}

/** The parts of a request that a batch is cut by. */
interface Request {
  readonly clean: DecoderInputs;
  readonly corrupt: DecoderInputs;
  readonly metric: Metric;
  readonly count: Tensor<'float32'>;
  readonly layers: number;
  readonly options: AttributionOptions;
}

/** Both runs in one graph, or the clean one with the corrupt z given. */
async function inGraph(
  forward: Forward,
  { clean, corrupt, metric, count, layers, options }: Request,
): Promise<Attribution> {
  const [batch] = metric.mask.dims as [number];
  const given = forward.inputs(clean);
  if (options.sides === 'clean') {
    const second = Object.entries(forward.inputs(corrupt)).map(([name, tensor]) => [twinInput(name), tensor] as const);
    const feeds = { ...given, ...Object.fromEntries(second) };
    return { clean: await attributed(forward, metric, { layers, other: 'twin', count, feeds, options }) };
  }
  const feeds = stackInputs([given, forward.inputs(corrupt)], batch, forward.shared);
  const twice = { ...metric, mask: concat([metric.mask, metric.mask]) as Tensor<'float32'> };
  const run: Run = { layers, other: 'half', count: concat([count, count]), feeds, options };
  const both = await attributed(forward, twice, run);
  return { clean: halves(both, false), corrupt: halves(both, true) };
}

/** One sequence that is too long for that: layer by layer, the products taken outside. */
async function byLayer(forward: Forward, request: Request, sizes: Sizes): Promise<Attribution> {
  const { clean, corrupt, metric, count, layers, options } = request;
  const taps = Array.from({ length: layers }, (_, layer) => zSite(layer));
  const run = (inputs: DecoderInputs) => gradientByLayer(forward, inputs, metric, taps, sizes);
  const side = (own: GradientResult, other: GradientResult['values']) =>
    attributeGradients(own, other, count, options.byPosition === true);
  const a = await run(clean);
  if (options.sides === 'clean') return { clean: side(a, await forward.run(corrupt, { taps })) };
  const b = await run(corrupt);
  return { clean: side(a, b.values), corrupt: side(b, a.values) };
}

/**
 * `Decoder.attribute`. Both sides: one pass over a batch of both runs, each half the other's counterpart. The clean side alone:
 * a second forward pass in the same graph, of which the corrupt z are kept, beside forward and backward of the clean run. In parts where that would keep too much.
 */
export const attributionOf =
  (forward: Forward) =>
  async (
    clean: DecoderInputs,
    corrupt: DecoderInputs,
    metric: Metric,
    options: AttributionOptions = {},
  ): Promise<Attribution> => {
    const { anatomy, shared } = forward;
    const sizes = sizesOf(anatomy, clean);
    checkMetric(metric, { ...sizes, dModel: anatomy.dModel });
    const { batch, pos } = sizes;
    const layers = (options.layer ?? layerOf(metric.at, anatomy.layers)) + 1;
    const count = options.positions ?? f32(new Float32Array(batch * pos).fill(1), [batch, pos]);
    const both = options.sides === 'clean' ? 1 : 2;
    const request = { clean, corrupt, metric, count, layers, options };
    const parts = batchParts(forward, { ...sizes, batch: both * batch }, layers);
    if (parts <= 1) return inGraph(forward, request);
    const step = Math.max(1, Math.floor(batch / parts));
    const results: Attribution[] = [];
    for (let at = 0; at < batch; at += step) {
      const end = Math.min(batch, at + step);
      const some = (inputs: DecoderInputs) => someInputs(inputs, at, end, batch, shared);
      const part: Request = {
        ...request,
        clean: some(clean),
        corrupt: some(corrupt),
        metric: { ...metric, mask: rows(metric.mask, at, end) },
        count: rows(count, at, end),
      };
      results.push(await (parts > batch ? byLayer(forward, part, { ...sizes, batch: 1 }) : inGraph(forward, part)));
    }
    const corrupts = results.flatMap((r) => r.corrupt ?? []);
    return {
      clean: joinSides(results.map((r) => r.clean)),
      ...(corrupts.length ? { corrupt: joinSides(corrupts) } : {}),
    };
  };

interface Run {
  readonly layers: number;
  readonly other: Other;
  readonly count: Tensor;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly options: AttributionOptions;
}

async function attributed(
  forward: Forward,
  metric: Metric,
  { layers, other, count, feeds, options }: Run,
): Promise<AttributionSide> {
  const byPosition = options.byPosition === true;
  const [batch, pos] = metric.mask.dims as [number, number];
  return forward.sessions.use(
    JSON.stringify(['attribution', metricKey(metric), layers, other, byPosition]),
    () => plan(forward, metric, layers, other, byPosition),
    async (made) => {
      const got = await runGroups(
        forward,
        made,
        metricGroups(metric),
        { batch, pos, past: 0 },
        { ...feeds, ...metricFeeds(metric), [COUNT]: count },
      );
      const part = (name: keyof Plan['layers'][number]) => stackLayers(made.layers.map((names) => got[names[name]!]!));
      return {
        metric: got[made.metric] as Tensor<'float32'>,
        effect: part('effect'),
        absolute: part('absolute'),
        ...(byPosition ? { byPosition: part('byPosition') } : {}),
      };
    },
  );
}
