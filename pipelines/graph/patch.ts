import { GraphError } from './errors.ts';
import { type Sizes, sizesOf } from './feeds.ts';
import type { Forward } from './forward.ts';
import { feedsFor } from './groups.ts';
import { metricsPerPass } from './memory.ts';
import { addMetric, checkMetric, metricFeeds, metricKey } from './metric.ts';
import { asGraphHas, type Finish, openSegment, type Segment } from './segment.ts';
import { SessionCache } from './sessions.ts';
import { postSite, preSite, readIn, zSite } from './site.ts';
import { repeat, repeatInputs } from './stack.ts';
import { f32, type Tensor } from './tensor.ts';
import type { DecoderInputs, HeadRef, Metric, Site } from './types.ts';

/** z of one sequence batch for each of some heads, that head taken from another run: `[heads * batch, pos, head, dHead]`. */
function swapHeads(z: Tensor<'float32'>, other: Tensor<'float32'>, chosen: readonly number[]): Tensor<'float32'> {
  const [batch, pos, heads, width] = z.dims as [number, number, number, number];
  const size = z.data.length;
  const data = new Float32Array(chosen.length * size);
  chosen.forEach((head, i) => {
    data.set(z.data, i * size);
    for (let row = 0; row < batch * pos; row += 1) {
      const from = (row * heads + head) * width;
      data.set(other.data.subarray(from, from + width), i * size + from);
    }
  });
  return f32(data, [chosen.length * batch, pos, heads, width]);
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

/** Values of sites, each `[batch, pos, ...]`. */
type Values = Readonly<Record<Site, Tensor<'float32'>>>;

/** Variants that start together: how many, and their values of some sites from `at` on. */
interface Variants {
  readonly count: number;
  readonly sites: readonly Site[];
  values(at: number, count: number): Values;
}

/** Adds the metrics to the last piece, `[variants * batch, K]`. */
const finishWith =
  ({ forward, metric }: Job): Finish =>
  (graph, tape, place) => {
    const { value } = addMetric(graph, tape, place, metric, forward.anatomy.dModel);
    return tape.op('Transpose', [value], { perm: [1, 0] });
  };

/**
 * Runs one layer, or what is left of it behind z, over variants, some at a time. Writes their streams
 * `[variants * batch, pos, dModel]`, of the last layer their metrics `[variants * batch, K]`, into `out`.
 */
function advance(job: Job, variants: Variants, layer: number, out: Float32Array): Promise<void> {
  const { forward, sizes, metric, end } = job;
  const last = layer === end.layer;
  const { sites } = variants;
  const open = () => openSegment(forward, sites, last ? end.site : postSite(layer), last ? finishWith(job) : undefined);
  const step = Math.min(variants.count, metricsPerPass(forward, sizes, 'cache'));
  const size = out.length / variants.count;
  return job.segments.use(JSON.stringify([sites, last && metricKey(metric)]), open, async (segment) => {
    for (let at = 0; at < variants.count; at += step) {
      const count = Math.min(step, variants.count - at);
      await piece(job, segment, variants.values(at, count), count, out.subarray(at * size, (at + count) * size), last);
    }
  });
}

/** One run of a piece. */
async function piece(job: Job, segment: Segment, values: Values, count: number, out: Float32Array, last: boolean) {
  const { sizes, metric, forward, given } = job;
  const rows = count * sizes.batch;
  const feeds: Record<string, Tensor> = {
    ...repeatInputs(given, count, sizes.batch, forward.shared),
    ...metricFeeds({ ...metric, mask: repeat(metric.mask, count) as Tensor<'float32'> }),
  };
  for (const [site, name] of segment.inputs) feeds[name] = asGraphHas(values[site]!, segment.places.get(site)!);
  const stream = f32(out, [rows, sizes.pos, out.length / (rows * sizes.pos)]);
  const target = last ? f32(out, [rows, out.length / rows]) : asGraphHas(stream, segment.end);
  await segment.session.run(feedsFor(segment.session, feeds), [segment.output], { [segment.output]: target });
}

/** Metrics `[variants * batch, K]` of the unpatched run (where asked for) and of one variant a head, in the order of `heads`. */
async function sweep(job: Job, base: Values, heads: readonly HeadRef[], replacement: Values, unpatched: boolean) {
  const { sizes, metric, forward, end } = job;
  const { batch, pos } = sizes;
  const stride = batch * pos * forward.anatomy.dModel;
  const total = heads.length + (unpatched ? 1 : 0);
  let [stream, next] = [new Float32Array(total * stride), new Float32Array(total * stride)];
  const metrics = new Float32Array(total * batch * metric.direction.dims[0]!);
  const first = heads[0]!.layer;
  let running = 0;
  if (unpatched) {
    stream.set(base[preSite(first)]!.data);
    running = 1;
  }
  for (let layer = first; layer <= end.layer; layer += 1) {
    const [pre, z] = [preSite(layer), zSite(layer)];
    const fresh = heads.filter((ref) => ref.layer === layer).map(({ head }) => head);
    const into = layer === end.layer ? metrics : next;
    const size = into.length / total;
    const current = stream;
    const carried: Variants = {
      count: running,
      sites: [pre],
      values: (at, count) => ({
        [pre]: f32(current.subarray(at * stride, (at + count) * stride), [count * batch, pos, stride / (batch * pos)]),
      }),
    };
    const started: Variants = {
      count: fresh.length,
      sites: [pre, z],
      values: (at, count) => ({
        [pre]: repeat(base[pre]!, count) as Tensor<'float32'>,
        [z]: swapHeads(base[z]!, replacement[z]!, fresh.slice(at, at + count)),
      }),
    };
    if (carried.count) await advance(job, carried, layer, into.subarray(0, running * size));
    if (started.count)
      await advance(job, started, layer, into.subarray(running * size, (running + fresh.length) * size));
    running += fresh.length;
    [stream, next] = [next, stream];
  }
  return metrics;
}

/** Bytes that the streams of all variants may take. */
const STREAM_BYTES = 256 * 2 ** 20;
/** Pieces kept open: two a layer, together no larger than the decoder twice over. */
const SEGMENTS = 256;

function check(forward: Forward, heads: readonly HeadRef[], replacement: Values, sizes: Sizes): void {
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
    replacement: Values,
  ): Promise<Tensor<'float32'>> => {
    const { anatomy } = forward;
    const sizes = sizesOf(anatomy, inputs);
    forward.checkSite(metric.at);
    checkMetric(metric, { ...sizes, dModel: anatomy.dModel });
    check(forward, heads, replacement, sizes);
    const end = readIn(anatomy, metric.at);
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
