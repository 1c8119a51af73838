import type { Place } from './anatomy/index.ts';
import { GraphError } from './errors.ts';
import { sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { type GradientGraph, gradientGraph } from './gradient.ts';
import { checkMetric, metricKey } from './metric.ts';
import { type MetricSession, openMetrics, runMetrics } from './metric-run.ts';
import { ONNX_TYPE } from './onnx/build.ts';
import { concat, stackInputs } from './stack.ts';
import { f32, type Tensor } from './tensor.ts';
import type { Attribution, AttributionOptions, AttributionSide, DecoderInputs, Metric, Site } from './types.ts';

const COUNT = 'parallax.positions';
const zSite = (layer: number): Site => `blocks.${layer}.attn.hook_z`;
const otherName = (layer: number) => `parallax.other.${layer}`;

/** The layer that a site belongs to; the last one for those behind the blocks. */
export const layerOf = (site: Site, layers: number): number =>
  Number(/^blocks\.(\d+)\./.exec(site)?.[1] ?? (site === 'hook_embed' ? 0 : layers - 1));

/** How the z of the other run reaches the graph: as an input, or as the other half of a batch of both runs. */
type Other = 'input' | 'half';

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

interface Plan extends MetricSession {
  readonly metric: string;
  /** By layer: effect `[K, batch, head]`, absolute `[K, batch, head]`, by position `[K, batch, pos, head]`. */
  readonly layers: readonly { readonly effect: string; readonly absolute: string; readonly byPosition?: string }[];
}

/** Adds the products with the gradient and their sums to a gradient graph, layer by layer. */
function reduce(
  forward: Forward,
  made: GradientGraph,
  layers: number,
  other: Other,
  byPosition: boolean,
): Plan['layers'] {
  const { graph, tape, places, grads } = made;
  const { heads, dHead } = forward.anatomy;
  const count = graph.addInput(COUNT, 'float32', ['parallax_B', 'parallax_T']);
  const share = tape.op('Reciprocal', [tape.op('ReduceSum', [count, tape.ints([1])], { keepdims: 1 })]);
  const column = tape.op('Unsqueeze', [count, tape.ints([2])]);
  return Array.from({ length: layers }, (_, layer) => {
    const place = places.get(zSite(layer))!;
    const z = headsOf(tape, place, heads, dHead);
    const theirs =
      other === 'half'
        ? exchange(tape, z)
        : graph.addInput(otherName(layer), 'float32', ['parallax_B', 'parallax_T', heads, dHead]);
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
  const made = gradientGraph(forward, metric, sites);
  const outputs = reduce(forward, made, layers, other, byPosition);
  const names = outputs.flatMap((layer) => Object.values(layer) as string[]);
  return {
    ...(await openMetrics(forward, made.graph, made.tape, [made.metric, ...names])),
    metric: made.metric,
    layers: outputs,
  };
}

/** Layers `[K, batch, ...]` side by side: `[K, batch, layer, ...]`. */
function stackLayers(blocks: readonly Tensor[]): Tensor<'float32'> {
  const [k, batch, ...rest] = blocks[0]!.dims as [number, number, ...number[]];
  const inner = rest.reduce((a, b) => a * b, 1);
  const data = new Float32Array(k * batch * blocks.length * inner);
  blocks.forEach((block, layer) => {
    for (let row = 0; row < k * batch; row += 1)
      data.set(
        (block.data as Float32Array).subarray(row * inner, (row + 1) * inner),
        (row * blocks.length + layer) * inner,
      );
  });
  return f32(data, [k, batch, blocks.length, ...rest]);
}

/** One half of the batch axis of `[K, batch, ...]`. */
function half(tensor: Tensor<'float32'>, second: boolean): Tensor<'float32'> {
  const [k, batch, ...rest] = tensor.dims as [number, number, ...number[]];
  const size = (rest.reduce((a, b) => a * b, 1) * batch) / 2;
  const data = new Float32Array(k * size);
  for (let i = 0; i < k; i += 1) {
    const from = (2 * i + (second ? 1 : 0)) * size;
    data.set(tensor.data.subarray(from, from + size), i * size);
  }
  return f32(data, [k, batch / 2, ...rest]);
}

const halves = (side: AttributionSide, second: boolean): AttributionSide => ({
  metric: half(side.metric, second),
  effect: half(side.effect, second),
  absolute: half(side.absolute, second),
  ...(side.byPosition ? { byPosition: half(side.byPosition, second) } : {}),
});

/**
 * `Decoder.attribute`. Both sides: one pass over a batch of both runs, each half the other's counterpart. The clean side alone: a
 * plain forward pass for the corrupt z, then forward and backward of the clean run.
 */
export const attributionOf =
  (forward: Forward) =>
  async (
    clean: DecoderInputs,
    corrupt: DecoderInputs,
    metric: Metric,
    options: AttributionOptions = {},
  ): Promise<Attribution> => {
    const { anatomy } = forward;
    const sizes = sizesOf(anatomy, clean);
    checkMetric(metric, { ...sizes, dModel: anatomy.dModel });
    const layers = (options.layer ?? layerOf(metric.at, anatomy.layers)) + 1;
    const count = options.positions ?? f32(new Float32Array(sizes.batch * sizes.pos).fill(1), [sizes.batch, sizes.pos]);
    const other: Other = options.sides === 'clean' ? 'input' : 'half';
    const given = forward.inputs(clean);
    if (other === 'input') {
      const taps = Array.from({ length: layers }, (_, layer) => zSite(layer));
      const z = await forward.run(corrupt, { taps });
      const feeds = { ...given, ...Object.fromEntries(taps.map((site, l) => [otherName(l), z[site]!])) };
      return { clean: await attributed(forward, metric, { layers, other, count, feeds, options }) };
    }
    const feeds = stackInputs([given, forward.inputs(corrupt)], sizes.batch, forward.shared);
    const twice = { ...metric, mask: concat([metric.mask, metric.mask]) as Tensor<'float32'> };
    const both = await attributed(forward, twice, { layers, other, count: concat([count, count]), feeds, options });
    return { clean: halves(both, false), corrupt: halves(both, true) };
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
      const got = await runMetrics(forward, made, metric, { batch, pos, past: 0 }, { ...feeds, [COUNT]: count });
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
