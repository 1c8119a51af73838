import { random } from '#pipelines/data/random.ts';
import { encodeRows } from '#pipelines/diff/encode.ts';
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
import type { Sae } from '#pipelines/sae/types.ts';
import { firingRows } from './firing.ts';
import { type JoinOptions, type JoinOutput, joinSpatial } from './join.ts';

/** Settings of the analysis of a planted world; a run takes them from its config. */
export interface RecoverOptions {
  readonly seed: number;
  readonly bootstrap: number;
  readonly diff: DiffJoinOptions;
  readonly spatial: JoinOptions;
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

function sumsOf(sae: Sae, stream: PlantedStream, threshold: number): SampleSums {
  const accumulator = new SampleAccumulator(sae.n, stream.samples, threshold);
  accumulator.add(encodeRows(sae, stream.x), stream.sample, stream.classes);
  return accumulator.finish();
}

/** Runs the analysis of a run on a planted world. It sees dictionaries, activations and the truth of the pictures only. */
export function recover(world: PlantedWorld, options: RecoverOptions): Recovered {
  const { seed, bootstrap } = options;
  const threshold = options.spatial.firesAbove;
  const perLayer = world.layers.map(({ dictionaries, streams }: PlantedLayer) => {
    const sae = dictionaries.get('F')!;
    const resampled = (stream: PlantedStream, name: string): ResampledStream => {
      const sums = sumsOf(sae, stream, 0);
      const index = resamples(random(seed, 'diff/bootstrap', name), bootstrap, sums.samples);
      return { sums, multiplicity: multiplicities(index, bootstrap, sums.samples) };
    };
    const vision = resampled(joined([streams.spatial, streams.matched], sae.d), 'vision');
    return {
      ...dictionaryArrays(dictionaries),
      ...streamArrays(vision, resampled(streams.text, 'text'), { bootstrap, confidence: options.diff.confidence }),
    } as Record<string, ArrayLike<number>>;
  });
  const { arrays } = joinDiff(
    (name) =>
      perLayer.every((l) => l[name]) ? Float64Array.from(perLayer.flatMap((l) => Array.from(l[name]!))) : null,
    options.diff,
  );
  const layers = world.layers.map(({ dictionaries, streams }, layer) => {
    const rows = (name: keyof typeof streams) => firingRows(sumsOf(dictionaries.get('F')!, streams[name], threshold));
    return {
      layer,
      spatial: rows('spatial'),
      matched: rows('matched'),
      generic: rows('generic'),
      word: rows('word'),
      mirror: rows('mirror'),
    };
  });
  const found = joinSpatial({ layers, truth: { spatial: world.spatial, mirror: world.mirror } }, options.spatial);
  const low = perLayer.flatMap((l) => Array.from(l['preference.low']!));
  return {
    rotated: arrays['rotated'] as Uint8Array,
    adapted: arrays['adapted.strict'] as Uint8Array,
    vision: Uint8Array.from(low, (p) => (p > 0.5 ? 1 : 0)),
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
export function scorePlanted(world: Partial<WorldOptions>, options: RecoverOptions): PlantedScore[] {
  const planted = plantWorld(world);
  const found = recover(planted.world, options);
  return (Object.keys(planted.truth) as (keyof PlantedTruth)[]).map((set) => ({
    set,
    ...precisionRecall(found[set], planted.truth[set]),
    planted: size(planted.truth[set]),
    found: size(found[set]),
  }));
}
