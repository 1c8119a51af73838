import { collect, dataset, type Slice } from '#pipelines/data/index.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import { meanImageFeature } from '#pipelines/models/index.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import { type Pair, pairUp } from './batches.ts';

const hasChoice = (s: Sample): boolean => s.answer !== undefined && s.truth?.opposite !== undefined;

/** Samples with a forced choice. */
export const answerable = (samples: readonly Sample[]): Sample[] => samples.filter(hasChoice);

export type Corruption = 'mean' | 'swap';

/** Pictures behind the mean image embedding, of the mixed stream (the paper's 256). */
const MEAN_PICTURES = 256;

/** Samples whose every image position is the mean image embedding. */
export async function encodeMeanImage(
  model: TracedModel,
  samples: readonly Sample[],
  seed: number,
): Promise<Encoded[]> {
  const meanImage = await meanImageFeature(model, dataset('scenes', { seed, from: 0, to: MEAN_PICTURES }));
  return encodeAll(model, samples, { image: 'mean', meanImage });
}

type Twins = (model: TracedModel, clean: readonly Sample[], slice: Slice) => Promise<Encoded[]>;

/** Corrupt twins: the mean image, or another picture in which the answer flips. */
const TWINS: Record<Corruption, Twins> = {
  mean: (model, clean, { seed }) => encodeMeanImage(model, clean, seed),
  swap: async (model, _clean, slice) => encodeAll(model, await collect('scenes/swap', slice)),
};

/** Spatial samples with a forced choice, each with its corrupt twin. */
export async function spatialPairs(model: TracedModel, corruption: Corruption, slice: Slice): Promise<Pair[]> {
  const clean = await collect('scenes/spatial', slice);
  const pairs = pairUp(await encodeAll(model, clean), await TWINS[corruption](model, clean, slice));
  return pairs.filter((_, i) => hasChoice(clean[i]!));
}

export async function encodeAll(
  model: TracedModel,
  samples: readonly Sample[],
  options: Parameters<TracedModel['encode']>[1] = {},
): Promise<Encoded[]> {
  const out: Encoded[] = [];
  for (const sample of samples) out.push(await model.encode(sample, options));
  return out;
}
