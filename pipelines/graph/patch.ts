import type { Place } from './anatomy/index.ts';
import { layerOf } from './attribution.ts';
import { GraphError } from './errors.ts';
import { type Sizes, sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import { feedsFor, metricsPerPass } from './gradient.ts';
import { addMetric, checkMetric, metricFeeds, metricKey } from './metric.ts';
import { type Finish, openSegment, type Segment } from './segment.ts';
import { SessionCache } from './sessions.ts';
import { concat, repeat, repeatInputs, rows } from './stack.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';
import type { DecoderInputs, HeadRef, Metric, Site } from './types.ts';

const zSite = (layer: number): Site => `blocks.${layer}.attn.hook_z`;
const preSite = (layer: number): Site => `blocks.${layer}.hook_resid_pre`;
const postSite = (layer: number): Site => `blocks.${layer}.hook_resid_post`;

/** Where a metric's stream is made: in which layer, and whether the layer's own heads come before it. */
function target(forward: Forward, at: Site): { layer: number; site: Site } {
  const { places, layers } = forward.anatomy;
  const layer = layerOf(at, layers);
  const before = places.get(preSite(layer))?.value === places.get(at)!.value;
  if (before || at === 'hook_embed') return { layer: layer - 1, site: layer > 0 ? postSite(layer - 1) : at };
  return { layer, site: at };
}

/** z with one head taken from another run, `[batch, pos, head, dHead]`. */
function swapHead(z: Tensor<'float32'>, other: Tensor<'float32'>, head: number): Tensor<'float32'> {
  const [batch, pos, heads, width] = z.dims as [number, number, number, number];
  const data = z.data.slice();
  for (let row = 0; row < batch * pos; row += 1) {
    const from = (row * heads + head) * width;
    data.set(other.data.subarray(from, from + width), from);
  }
  return f32(data, z.dims);
}

/** A tensor with the axes that the graph keeps at a site. */
function shaped(tensor: Tensor, { rank, layout }: Place): Tensor {
  const [batch, pos, ...rest] = tensor.dims as [number, number, ...number[]];
  const inner = layout === 'heads' && rank < 4 ? [sizeOf(rest)] : rest;
  return { ...tensor, dims: rank === 2 ? [batch * pos, ...inner] : [batch, pos, ...inner] };
}

interface Job {
  readonly forward: Forward;
  readonly segments: SessionCache;
  readonly metric: Metric;
  readonly sizes: Sizes;
  readonly given: Readonly<Record<string, Tensor>>;
  /** The layer and site that the metric reads. */
  readonly end: { readonly layer: number; readonly site: Site };
}

/** Values of sites for some variants, each `[variants * batch, pos, ...]`. */
type Start = Readonly<Record<Site, Tensor<'float32'>>>;

/**
 * Runs one layer, or what is left of it behind z, over variants, as many at once as the memory bound allows.
 * @returns the stream `[variants * batch, pos, dModel]`; of the last layer the metrics `[variants * batch, K]`
 */
function advance(job: Job, from: Start, layer: number): Promise<Tensor<'float32'>> {
  const { forward, sizes, metric, end } = job;
  const last = layer === end.layer;
  const sites = Object.keys(from);
  const finish: Finish = (graph, tape, place) => {
    const { value } = addMetric(graph, tape, place, metric, forward.anatomy.dModel);
    return tape.op('Transpose', [value], { perm: [1, 0] });
  };
  const open = () => openSegment(forward, sites, last ? end.site : postSite(layer), last ? finish : undefined);
  const variants = from[preSite(layer)]!.dims[0]! / sizes.batch;
  const step = Math.min(variants, metricsPerPass(forward, sizes));
  return job.segments.use(JSON.stringify([sites, last && metricKey(metric)]), open, async (segment) => {
    const parts: Tensor[] = [];
    for (let at = 0; at < variants; at += step)
      parts.push(await piece(job, segment, from, at, Math.min(step, variants - at)));
    const whole = concat(parts) as Tensor<'float32'>;
    const rowsOut = variants * sizes.batch;
    const width = sizeOf(whole.dims) / rowsOut;
    return f32(whole.data, last ? [rowsOut, width] : [rowsOut, sizes.pos, width / sizes.pos]);
  });
}

/** One run of a piece over the variants `at`..`at + count`. */
async function piece(job: Job, segment: Segment, from: Start, at: number, count: number): Promise<Tensor> {
  const { sizes, metric, forward, given } = job;
  const feeds: Record<string, Tensor> = {
    ...repeatInputs(given, count, sizes.batch, forward.shared),
    ...metricFeeds({ ...metric, mask: repeat(metric.mask, count) as Tensor<'float32'> }),
  };
  for (const [site, name] of segment.inputs)
    feeds[name] = shaped(rows(from[site]!, at * sizes.batch, (at + count) * sizes.batch), segment.places.get(site)!);
  return (await segment.session.run(feedsFor(segment.session, feeds)))[segment.output]!;
}

/** Metrics `[variants * batch, K]` of the unpatched run (where asked for) and of one variant a head, in the order of `heads`. */
async function sweep(job: Job, base: Start, heads: readonly HeadRef[], replacement: Start, unpatched: boolean) {
  let stream: Tensor<'float32'> | undefined;
  const first = heads[0]!.layer;
  if (unpatched) stream = base[preSite(first)]!;
  for (let layer = first; layer <= job.end.layer; layer += 1) {
    const out = stream ? [await advance(job, { [preSite(layer)]: stream }, layer)] : [];
    const fresh = heads.filter((ref) => ref.layer === layer);
    if (fresh.length) {
      const z = fresh.map(({ head }) => swapHead(base[zSite(layer)]!, replacement[zSite(layer)]!, head));
      const pre = repeat(base[preSite(layer)]!, fresh.length) as Tensor<'float32'>;
      out.push(await advance(job, { [preSite(layer)]: pre, [zSite(layer)]: concat(z) as Tensor<'float32'> }, layer));
    }
    stream = concat(out) as Tensor<'float32'>;
  }
  return stream!.data;
}

/** Bytes that the streams of all variants may take. */
const STREAM_BYTES = 256 * 2 ** 20;
/** Pieces kept open: two a layer, together no larger than the decoder twice over. */
const SEGMENTS = 256;

function check(forward: Forward, heads: readonly HeadRef[], replacement: Start, sizes: Sizes): void {
  const { layers, heads: count, dHead } = forward.anatomy;
  for (const { layer, head } of heads) {
    if (!(layer in [...Array(layers).keys()] && head >= 0 && head < count && Number.isInteger(head)))
      throw new GraphError(
        'not-found',
        `layer ${layer} head ${head} does not exist`,
        `choose layers 0-${layers - 1} and heads 0-${count - 1}`,
      );
    const z = replacement[zSite(layer)];
    const expected = [sizes.batch, sizes.pos, count, dHead];
    if (!z || String(z.dims) !== String(expected))
      throw new GraphError(
        'shape',
        `replacement of ${zSite(layer)} is [${z?.dims ?? 'missing'}]`,
        `give [${expected}]`,
      );
  }
}

/**
 * `Decoder.patchHeads`. Variants are rows of one batch. A variant starts behind z of its layer, from the cached stream of
 * the unpatched run; all go up together, so a layer's weights are read once for all heads below it.
 */
export function patchHeadsOf(forward: Forward) {
  const segments = new SessionCache(SEGMENTS);
  const run = async (
    inputs: DecoderInputs,
    metric: Metric,
    heads: readonly HeadRef[],
    replacement: Start,
  ): Promise<Tensor<'float32'>> => {
    const { anatomy } = forward;
    const sizes = sizesOf(anatomy, inputs);
    forward.checkSite(metric.at);
    checkMetric(metric, { ...sizes, dModel: anatomy.dModel });
    check(forward, heads, replacement, sizes);
    const end = target(forward, metric.at);
    const count = metric.direction.dims[0]!;
    const { batch, pos } = sizes;
    const effects = new Float32Array(heads.length * count * batch);
    const order = heads.map((ref, index) => ({ ...ref, index })).filter((ref) => ref.layer <= end.layer);
    order.sort((a, b) => a.layer - b.layer || a.index - b.index);
    if (order.length) {
      const layers = [...new Set(order.map((ref) => ref.layer))];
      const base = await forward.run(inputs, { taps: layers.flatMap((l) => [preSite(l), zSite(l)]) });
      const job: Job = { forward, segments, metric, sizes, end, given: forward.inputs(inputs) };
      const step = Math.max(1, Math.floor(STREAM_BYTES / (4 * batch * pos * anatomy.dModel)));
      let unpatched: Float32Array | undefined;
      for (let at = 0; at < order.length; at += step) {
        const group = order.slice(at, at + step);
        const metrics = await sweep(job, base, group, replacement, !unpatched);
        const block = batch * count;
        const skip = unpatched ? 0 : 1;
        unpatched ??= metrics.slice(0, block);
        group.forEach(({ index }, i) => {
          for (let b = 0; b < batch; b += 1)
            for (let k = 0; k < count; k += 1)
              effects[(index * count + k) * batch + b] =
                metrics[(i + skip) * block + b * count + k]! - unpatched![b * count + k]!;
        });
      }
    }
    return f32(effects, [heads.length, count, batch]);
  };
  return { run, close: () => segments.close() };
}
