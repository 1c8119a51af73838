import { findAnatomy, type GraphAnatomy, type Place } from './anatomy/index.ts';
import { canonicalise } from './canonical.ts';
import { openGraph } from './device/open.ts';
import { editGraph } from './edit/plan.ts';
import type { RunSizes } from './edit/selection.ts';
import { type Step, stepFeeds, stepsOf } from './edit/steps.ts';
import { GraphError } from './errors.ts';
import { completeInputs, type Sizes, sizesOf } from './feeds.ts';
import { feedsFor } from './groups.ts';
import { lower } from './lower/index.ts';
import { refusedByKernel } from './lower/kernel.ts';
import { computeInFloat32 } from './lower/precision.ts';
import { zeroMaskedRows } from './masked.ts';
import { nearest } from './nearest.ts';
import { EditableGraph } from './onnx/graph.ts';
import { readModel } from './onnx/model.ts';
import { runInParts } from './parts.ts';
import type { Session } from './session.ts';
import { SessionCache } from './sessions.ts';
import type { Tensor } from './tensor.ts';
import type { DecoderInputs, Device, OpenOptions, RunOptions, Site } from './types.ts';

/** What the other parts of a decoder (gradient, patching) build on. */
export interface Forward {
  /** The graph as read; clone it before any edit. */
  readonly graph: EditableGraph;
  readonly anatomy: GraphAnatomy;
  readonly device: Device;
  readonly threads: number;
  /** Bytes that a gradient may keep of the forward pass. */
  readonly gradientMemory: number;
  /** Inputs that all sequences of a batch share. */
  readonly shared: ReadonlySet<string>;
  /** The graph's inputs, complete, for what is given. */
  inputs(given: DecoderInputs): Record<string, Tensor>;
  run(given: DecoderInputs, options?: RunOptions): Promise<Record<Site, Tensor<'float32'>>>;
  /** A copy of the graph, and where its sites are; fused attentions whose inside is asked for are lowered. */
  edited(sites: readonly Site[]): { copy: EditableGraph; places: Map<Site, Place> };
  /** Throws the error that names the nearest sites where the decoder has no such site. */
  checkSite(site: Site): void;
  /** Opens an edited graph on the decoder's device. */
  open(graph: EditableGraph): Promise<Session>;
  /** Sessions of edited graphs, kept by key; `close` closes them. */
  readonly sessions: SessionCache;
  close(): Promise<void>;
}

interface Plan {
  readonly session: Session;
  readonly outputs: ReadonlyMap<Site, string>;
  readonly places: ReadonlyMap<Site, Place>;
}

/** A site that is asked for, or the error that names the nearest ones. */
function checkSite(anatomy: GraphAnatomy, site: Site): void {
  if (anatomy.places.has(site)) return;
  const layer = /^blocks\.(\d+)\./.exec(site)?.[1];
  if (layer !== undefined && Number(layer) >= anatomy.layers)
    throw new GraphError(
      'not-found',
      `layer ${layer} does not exist: this decoder has layers 0-${anatomy.layers - 1}`,
      `choose a layer from 0 to ${anatomy.layers - 1}`,
    );
  throw new GraphError(
    'not-found',
    `this decoder has no site "${site}"`,
    `nearest: ${nearest(site, anatomy.sites).join(', ')}`,
  );
}

/** A site's tensor with the axes that its layout has, whatever axes the graph keeps together. */
function siteTensor(
  { dims, data }: Tensor,
  { layout, heads: own }: Place,
  anatomy: GraphAnatomy,
  sizes: Sizes,
): Tensor<'float32'> {
  const { heads, dHead } = anatomy;
  const { batch, pos } = sizes;
  const shape = {
    heads: [batch, pos, own ?? heads, dHead],
    pattern: [batch, heads, pos, data.length / (batch * heads * pos)],
    stream: dims.length === 3 ? dims : [batch, pos, data.length / (batch * pos)],
  }[layout];
  return { type: 'float32', dims: shape, data: data as Float32Array };
}

/** The anatomy as edited graphs have it, which compute in float32 whatever the file stores. */
const widened = (anatomy: GraphAnatomy): GraphAnatomy => ({
  ...anatomy,
  places: new Map([...anatomy.places].map(([site, place]) => [site, { ...place, type: 'float32' }])),
  inputs: anatomy.inputs.map((input) => (input.type === 'float16' ? { ...input, type: 'float32' } : input)),
});

const GRADIENT_MEMORY = 2 ** 31;

/** Opens a decoder's graph for forward passes. Throws `GraphError`. */
export async function openForward(source: string | Uint8Array, options: OpenOptions = {}): Promise<Forward> {
  const model = await readModel(source);
  const graph = canonicalise(new EditableGraph(model));
  const anatomy = widened(findAnatomy(graph));
  const device = options.device ?? 'cpu';
  const threads = options.threads ?? 1;
  const sessions = new SessionCache();
  const shared = new Set(anatomy.inputs.filter(({ role }) => role === 'flag').map(({ name }) => name));

  /** A copy of the graph, and where its sites are; fused attentions whose inside is asked for are lowered first. */
  function edited(sites: readonly Site[]): { copy: EditableGraph; places: Map<Site, Place> } {
    const copy = graph.clone();
    computeInFloat32(copy);
    zeroMaskedRows(copy, new Set(sites.map((site) => anatomy.places.get(site)!.value)));
    const places = new Map(anatomy.places);
    const layers = new Set(sites.flatMap((site) => places.get(site)!.inside?.layer ?? []));
    for (const site of sites) {
      const { swapped, ...place } = places.get(site)!;
      if (!swapped) continue;
      let turned = '';
      copy.insertAfter(place.value, (old) => {
        turned = copy.op('Transpose', [old], { perm: [0, 2, 1, 3] });
        return copy.op('Transpose', [turned], { perm: [0, 2, 1, 3] });
      });
      places.set(site, { ...place, value: turned });
    }
    const refused = refusedByKernel(copy, device);
    if (layers.size === 0 && refused.size === 0) return { copy, places };
    const layerOf = new Map([...layers].map((layer) => [anatomy.attention[layer]!.node.output[0], layer]));
    const lowered = lower(copy, (node) => layerOf.has(node.output[0]) || refused.has(node));
    const missed = [...layers].find((layer) => ![...lowered.keys()].some((n) => layerOf.get(n.output[0]) === layer));
    if (missed !== undefined)
      throw new GraphError(
        'unsupported',
        `the inside of ${anatomy.attention[missed]!.node.opType} in layer ${missed} cannot be read`,
        'export the decoder with plain operators',
      );
    const parts = new Map([...lowered].map(([node, inner]) => [layerOf.get(node.output[0]), inner]));
    for (const [site, { inside, ...place }] of places) {
      const inner = inside && parts.get(inside.layer);
      if (inner) places.set(site, { ...place, value: inner[inside.part] });
    }
    return { copy, places };
  }

  const folder = model.folder ? { externalFolder: model.folder } : {};
  const open = (copy: EditableGraph) => openGraph(copy, { device, threads, mixed: options.mixed ?? false, ...folder });

  async function plan(taps: readonly Site[], steps: readonly Step[]): Promise<Plan> {
    const { copy, places } = edited([...taps, ...steps.map((s) => s.site)]);
    const outputs = editGraph(copy, { ...anatomy, places }, new Set(taps), steps);
    return { session: await open(copy), outputs, places };
  }

  async function run(given: DecoderInputs, { taps = ['logits'], interventions = [], into = {} }: RunOptions = {}) {
    for (const site of [...taps, ...interventions.map((i) => i.at)]) checkSite(anatomy, site);
    const sizes = sizesOf(anatomy, given);
    const { heads, dHead, dModel, vocab } = anatomy;
    // the keys of a pattern are counted by its value
    const runSizes = (place: Place, site: Site): RunSizes => ({
      ...sizes,
      heads: place.heads ?? heads,
      width: site === 'logits' ? vocab : { heads: dHead, pattern: 0, stream: dModel }[place.layout],
    });
    const steps = stepsOf(interventions, anatomy.places, runSizes);
    const wanted = anatomy.sites.filter((site) => taps.includes(site));
    const key = JSON.stringify([wanted, steps.map(({ site, kind }) => [site, kind])]);
    return sessions.use(
      key,
      () => plan(wanted, steps),
      async ({ session, outputs, places }) => {
        const all: Record<string, Tensor> = completeInputs(anatomy, given);
        steps.forEach((step, index) => {
          const place = places.get(step.site)!;
          for (const [name, tensor] of stepFeeds(index, step, place, runSizes(place, step.site))) all[name] = tensor;
        });
        const memory = new Map(taps.flatMap((site) => (into[site] ? [[outputs.get(site)!, into[site].data]] : [])));
        // values of interventions belong to the whole batch
        const apart = device === 'cpu' && steps.length === 0;
        const values = await (apart
          ? runInParts(session, anatomy, sizes, shared, all, memory, threads)
          : session.run(feedsFor(session, all)));
        return Object.fromEntries(
          taps.map((site) => [site, siteTensor(values[outputs.get(site)!]!, places.get(site)!, anatomy, sizes)]),
        );
      },
    );
  }

  return {
    graph,
    anatomy,
    device,
    threads,
    gradientMemory: options.gradientMemory ?? GRADIENT_MEMORY,
    sessions,
    shared,
    edited,
    open,
    checkSite: (site) => checkSite(anatomy, site),
    inputs: (given) => completeInputs(anatomy, given),
    run,
    close: () => sessions.close(),
  };
}
