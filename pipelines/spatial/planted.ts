import type { RunConfig } from '#pipelines/config/schema.ts';
import { random } from '#pipelines/data/random.ts';
import type { Numbers } from '#pipelines/diff/arrays.ts';
import { type DiffJoinOptions, joinDiff } from '#pipelines/diff/join.ts';
import { dictionaryArrays, streamArrays } from '#pipelines/diff/layer.ts';
import {
  type PlantedLayer,
  type PlantedStream,
  type PlantedTruth,
  type PlantedWorld,
  plantWorld,
  type WorldOptions,
} from '#pipelines/diff/planted/world.ts';
import type { ResampledStream } from '#pipelines/diff/preference.ts';
import { multiplicities, precisionRecall, resamples } from '#pipelines/diff/statistics/index.ts';
import { SampleAccumulator, type SampleSums } from '#pipelines/diff/sums.ts';
import { createEncoder, type Encoder } from '#pipelines/sae/index.ts';
import { firingRows } from './firing.ts';
import { type JoinOptions, type JoinOutput, joinSpatial } from './join.ts';

/** Settings of the analysis of a planted world; a run takes them from its config. */
export interface RecoverOptions {
  readonly seed: number;
  readonly bootstrap: number;
  readonly diff: DiffJoinOptions;
  readonly spatial: JoinOptions;
}

/** The settings that a run with this config would use, on `layers` layers. */
export function recoverOptions(
  config: Pick<RunConfig, 'diff' | 'spatial' | 'confidence'>,
  seed: number,
  layers: number,
): RecoverOptions {
  const { confidence } = config;
  const { bootstrap, ...diff } = config.diff;
  const { rule, firesAbove, splits, ...rules } = config.spatial;
  return {
    seed,
    bootstrap,
    diff: { layers: Array.from({ length: layers }, (_, layer) => layer), confidence, ...diff },
    spatial: { rule, rules, firesAbove, splits, seed, rounds: bootstrap, confidence },
  };
}

/** What the analysis of a run finds in a planted world, `[layers * n]` masks. */
export interface Recovered extends PlantedTruth {
  readonly adapted: Uint8Array;
  readonly evidence: JoinOutput['file'];
}

/** Streams of the analysis that one picture's samples of several families make up together. */
function joined(streams: readonly PlantedStream[], d: number): PlantedStream {
  const order = streams
    .flatMap((stream, k) => Array.from(stream.sample, (sample, t) => ({ sample, k, t })))
    .sort((a, b) => a.sample - b.sample || a.k - b.k || a.t - b.t);
  const x = new Float32Array(order.length * d);
  for (const [row, { k, t }] of order.entries()) x.set(streams[k]!.x.subarray(t * d, (t + 1) * d), row * d);
  return {
    x,
    sample: Uint32Array.from(order, ({ sample }) => sample),
    classes: Uint8Array.from(order, ({ k, t }) => streams[k]!.classes[t]!),
    samples: streams[0]!.samples,
  };
}

async function sumsOf(encoder: Encoder, n: number, stream: PlantedStream, threshold: number): Promise<SampleSums> {
  const accumulator = new SampleAccumulator(n, stream.samples, threshold);
  accumulator.add(await encoder.encodeSparse(stream.x, stream.sample.length), stream.sample, stream.classes);
  return accumulator.finish();
}

/** What both analyses read of one layer. */
async function readLayer({ dictionaries, streams }: PlantedLayer, layer: number, options: RecoverOptions) {
  const { seed, bootstrap } = options;
  const { firesAbove } = options.spatial;
  const sae = dictionaries.get('F')!;
  const encoder = await createEncoder(sae);
  const resampled = async (stream: PlantedStream, name: string): Promise<ResampledStream> => {
    const sums = await sumsOf(encoder, sae.n, stream, 0);
    const index = resamples(random(seed, 'diff/bootstrap', name), bootstrap, sums.samples);
    return { sums, multiplicity: multiplicities(index, bootstrap, sums.samples) };
  };
  const rows = async (name: keyof typeof streams) =>
    firingRows(await sumsOf(encoder, sae.n, streams[name], firesAbove));
  const vision = await resampled(joined([streams.spatial, streams.matched], sae.d), 'vision');
  const text = await resampled(streams.text, 'text');
  const firing = {
    layer,
    spatial: await rows('spatial'),
    matched: await rows('matched'),
    generic: await rows('generic'),
    word: await rows('word'),
    mirror: await rows('mirror'),
  };
  await encoder.close();
  const diff: Record<string, Numbers> = {
    ...dictionaryArrays(dictionaries),
    ...streamArrays(vision, text, { bootstrap, confidence: options.diff.confidence }),
  };
  return { diff, firing };
}

/** Runs the analysis of a run on a planted world. It sees dictionaries, activations and the truth of the pictures only. */
export async function recover(world: PlantedWorld, options: RecoverOptions): Promise<Recovered> {
  const layers: Awaited<ReturnType<typeof readLayer>>[] = [];
  for (const [i, layer] of world.layers.entries()) layers.push(await readLayer(layer, i, options));
  const all = (name: string): Float64Array | null =>
    layers.every(({ diff }) => diff[name]) ? Float64Array.from(layers.flatMap(({ diff }) => [...diff[name]!])) : null;
  const { arrays } = joinDiff(all, options.diff);
  const found = joinSpatial(
    { layers: layers.map(({ firing }) => firing), truth: { spatial: world.spatial, mirror: world.mirror } },
    options.spatial,
  );
  return {
    rotated: arrays['rotated'] as Uint8Array,
    adapted: arrays['adapted.strict'] as Uint8Array,
    vision: Uint8Array.from(all('preference.low')!, (p) => (p > 0.5 ? 1 : 0)),
    spatial: found.arrays['spatial']!.data as Uint8Array,
    decoys: found.arrays['decoy']!.data as Uint8Array,
    evidence: found.file,
  };
}

export interface PlantedScore {
  readonly set: keyof PlantedTruth;
  readonly precision: number;
  readonly recall: number;
  readonly planted: number;
  readonly found: number;
}

const size = (mask: Uint8Array): number => mask.reduce((a, b) => a + b, 0);

/** Plants a world, analyses it, and scores what was found against what was planted. */
export async function scorePlanted(world: Partial<WorldOptions>, options: RecoverOptions): Promise<PlantedScore[]> {
  const planted = plantWorld(world);
  const found = await recover(planted.world, options);
  return (Object.keys(planted.truth) as (keyof PlantedTruth)[]).map((set) => ({
    set,
    ...precisionRecall(found[set], planted.truth[set]),
    planted: size(planted.truth[set]),
    found: size(found[set]),
  }));
}
