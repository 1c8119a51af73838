import type { HarvestSettings } from '../../activations/harvest.stage.ts';
import { dataName } from '../../config/paths.ts';
import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { datasetInfo } from '../../data/index.ts';
import type { Pair } from './pair.ts';

/** Samples of one harvest stage; fixed, so that the shards do not depend on the machine. */
const SHARD = 800;

/** Which model reads what. */
interface Stream {
  readonly model: 'base' | 'tuned' | 'control';
  readonly dataset: string;
  readonly image: 'own' | 'none';
  readonly answer: boolean;
}

export type StreamName =
  | 'base/text'
  | 'base/prompts'
  | 'tuned/text'
  | 'tuned/scenes'
  | 'control/prompts'
  | `tuned/${Family}`;

/** Prompt families on the same pictures, by which spatial features are selected. */
export const FAMILIES = ['spatial', 'matched', 'generic', 'word', 'mirror'] as const;
export type Family = (typeof FAMILIES)[number];

/** Streams by name; `prompts` are the words of the multimodal samples without their pictures. */
export function streamsOf({ data: { text, multimodal } }: RunConfig): Record<StreamName, Stream> {
  const words = (model: Stream['model']): Stream => ({ model, dataset: dataName(text), image: 'none', answer: false });
  const prompts = (model: Stream['model']): Stream => ({
    model,
    dataset: dataName(multimodal),
    image: 'none',
    answer: true,
  });
  const family = (name: Family): [string, Stream] => [
    `tuned/${name}`,
    { model: 'tuned', dataset: `scenes/${name}`, image: name === 'word' ? 'none' : 'own', answer: false },
  ];
  return {
    'base/text': words('base'),
    'base/prompts': prompts('base'),
    'tuned/text': words('tuned'),
    'tuned/scenes': { model: 'tuned', dataset: dataName(multimodal), image: 'own', answer: true },
    'control/prompts': prompts('control'),
    ...(Object.fromEntries(FAMILIES.map(family)) as Record<`tuned/${Family}`, Stream>),
  };
}

/** Samples `[from, to)` of a stream, in harvest stages that follow each other. */
export function harvest(
  config: RunConfig,
  pair: Pair,
  name: StreamName,
  { from, to, part }: { readonly from: number; readonly to: number; readonly part?: string },
): Stage[] {
  const { model, dataset, image, answer } = streamsOf(config)[name];
  const stages: Stage[] = [];
  for (let first = from; first < to; first += SHARD) {
    const settings: HarvestSettings = {
      dataset,
      seed: config.seed,
      from: first,
      to: Math.min(to, first + SHARD),
      layers: [...pair.layers],
      dtype: config.sae.dtype,
      image,
      answer,
    };
    stages.push({
      name: ['harvest', name, part, stages.length].filter((word) => word !== undefined).join('/'),
      version: 1,
      settings: settings as Json,
      inputs: {},
      files: { model: pair.folders[model]!, ...datasetInfo(dataset).files },
      module: 'activations/harvest.stage.ts',
    });
  }
  return stages;
}

/** The samples that dictionaries learn from, and the last ones, which they never see. */
export interface Split {
  /** None where the stream is not stored (`online`). */
  readonly train: readonly Stage[];
  readonly online: boolean;
  readonly heldOut: readonly Stage[];
}

const samplesOf = ({ data }: RunConfig, name: StreamName): number =>
  name.endsWith('/text') ? data.textSamples : data.multimodalSamples;

/** First sample of a training stream that is held out: the last ones are, as many as `data.heldOut` says. */
export function heldOutFrom(config: RunConfig, name: StreamName): number {
  const samples = samplesOf(config, name);
  return samples - Math.max(1, Math.round(samples * config.data.heldOut));
}

/** The slices that the training part of a stream is harvested in. */
export function trainSlices(config: RunConfig, name: StreamName): [from: number, to: number][] {
  const to = heldOutFrom(config, name);
  return Array.from({ length: Math.ceil(to / SHARD) }, (_, i) => [i * SHARD, Math.min(to, (i + 1) * SHARD)]);
}

/** A training stream in its two parts. */
export function harvestSplit(config: RunConfig, pair: Pair, name: StreamName, online: boolean): Split {
  const cut = heldOutFrom(config, name);
  return {
    online,
    train: online ? [] : harvest(config, pair, name, { from: 0, to: cut, part: 'train' }),
    heldOut: harvest(config, pair, name, { from: cut, to: samplesOf(config, name), part: 'held-out' }),
  };
}

/** The prompt families over the same pictures, none of which a dictionary learns from. */
export const harvestFamilies = (config: RunConfig, pair: Pair): Map<Family, readonly Stage[]> =>
  new Map(
    FAMILIES.map((name) => [name, harvest(config, pair, `tuned/${name}`, { from: 0, to: config.spatial.samples })]),
  );
