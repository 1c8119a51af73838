import { DECODER, PLANTED_HEAD } from '#pipelines/diff/planted/decoder.ts';
import { PLANTED_FEATURE, plantedDictionary, plantedModel, plantedSample } from '#pipelines/diff/planted/model.ts';
import { pairUp } from './batches.ts';
import { featureMetric } from './direction.ts';
import { patchBatch, traceBatch } from './trace.ts';

/** Place of the planted head among all heads by its effect on the planted feature, 1 = first. */
export interface PlantedRank {
  readonly estimate: number;
  readonly exact: number;
}

/** Traces the planted feature of a planted decoder and says where its head stands, by attribution and by exact patching. */
export async function plantedHeadRank(seed: number, samples = 20): Promise<PlantedRank> {
  const { layers, heads } = DECODER;
  const model = await plantedModel(seed);
  const dictionary = plantedDictionary(seed);
  const encode = (swapped: boolean) =>
    Promise.all(Array.from({ length: samples }, (_, i) => model.encode(plantedSample(seed, i, swapped))));
  const pairs = pairUp(await encode(false), await encode(true));
  const batch = { clean: pairs.map((p) => p.clean), corrupt: pairs.map((p) => p.corrupt) };
  const metric = (mask: Parameters<typeof featureMetric>[4]) =>
    featureMetric(dictionary, layers - 1, [PLANTED_FEATURE], 'pre', mask);
  const refs = Array.from({ length: layers * heads }, (_, k) => ({ layer: Math.floor(k / heads), head: k % heads }));
  const trace = await traceBatch(model, metric, layers - 1, batch, Array(layers).fill(null));
  const exact = await patchBatch(model, metric, refs, batch);
  await model.close();
  const rank = (effect: (head: number, sample: number) => number): number => {
    const sizes = refs.map((_, h) => batch.clean.reduce((sum, _e, s) => sum + Math.abs(effect(h, s)), 0));
    const planted = sizes[PLANTED_HEAD.layer * heads + PLANTED_HEAD.head]!;
    return 1 + sizes.filter((size) => size > planted).length;
  };
  return {
    estimate: rank((h, s) => trace.clean[s * refs.length + h]!),
    exact: rank((h, s) => exact[h * samples + s]!),
  };
}
