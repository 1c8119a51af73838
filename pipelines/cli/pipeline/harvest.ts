import type { HarvestSettings } from '../../activations/harvest.stage.ts';
import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { datasetInfo } from '../../data/index.ts';
import type { Pair } from './pair.ts';

/** Samples of one harvest stage; fixed, so that the shards do not depend on the machine. */
const SHARD = 800;

/** A stream of activations: which model reads what. */
interface Stream {
  readonly model: 'base' | 'tuned' | 'control';
  readonly data: 'text' | 'multimodal';
  readonly image: 'own' | 'none';
}

/** Streams by name; `prompts` are the words of the multimodal samples without their pictures. */
export const STREAMS = {
  'base/text': { model: 'base', data: 'text', image: 'none' },
  'base/prompts': { model: 'base', data: 'multimodal', image: 'none' },
  'tuned/text': { model: 'tuned', data: 'text', image: 'none' },
  'tuned/scenes': { model: 'tuned', data: 'multimodal', image: 'own' },
  'control/prompts': { model: 'control', data: 'multimodal', image: 'none' },
} as const satisfies Record<string, Stream>;
export type StreamName = keyof typeof STREAMS;

export type Part = 'train' | 'held-out';

/** Samples `[from, to)` of a part of a data set: the last ones are held out. */
export function sliceOf({ data }: RunConfig, set: Stream['data'], part: Part): { from: number; to: number } {
  const samples = set === 'text' ? data.textSamples : data.multimodalSamples;
  const cut = samples - Math.max(1, Math.round(samples * data.heldOut));
  return part === 'train' ? { from: 0, to: cut } : { from: cut, to: samples };
}

/** Harvest stages of one part of a stream, in the order of the samples. */
export function harvest(config: RunConfig, pair: Pair, stream: StreamName, part: Part): Stage[] {
  const { model, data, image } = STREAMS[stream];
  const { from, to } = sliceOf(config, data, part);
  const dataset = config.data[data];
  const folder = pair.folders[model]!;
  const stages: Stage[] = [];
  for (let first = from; first < to; first += SHARD) {
    const settings: HarvestSettings = {
      dataset,
      seed: config.seed,
      from: first,
      to: Math.min(to, first + SHARD),
      layers: [...pair.layers],
      image,
      answer: data === 'multimodal',
    };
    stages.push({
      name: `harvest/${stream}/${part}/${stages.length}`,
      version: 1,
      settings: settings as Json,
      inputs: {},
      files: { model: folder, ...datasetInfo(dataset).files },
      module: 'activations/harvest.stage.ts',
    });
  }
  return stages;
}
