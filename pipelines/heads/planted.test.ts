import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECODER, PLANTED_HEAD } from '#pipelines/diff/planted/decoder.ts';
import { PLANTED_FEATURE, plantedDictionary, plantedModel, plantedSample } from '#pipelines/diff/planted/model.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { pairUp } from './batches.ts';
import { featureMetric } from './direction.ts';
import { plantedHeadRank } from './planted.ts';
import { patchBatch, type Trace, traceBatch } from './trace.ts';
import { headWrites } from './writes.ts';

const SEED = 9;
const SAMPLES = 20;
const LAYER = DECODER.layers - 1;
const FEATURES = [PLANTED_FEATURE, 0];
const { heads } = DECODER;
const refs = Array.from({ length: DECODER.layers * heads }, (_, k) => ({
  layer: Math.floor(k / heads),
  head: k % heads,
}));
const planted = PLANTED_HEAD.layer * heads + PLANTED_HEAD.head;

let model: TracedModel;
let trace: Trace;
let exact: Float32Array;
beforeAll(async () => {
  model = await plantedModel(SEED);
  const dictionary = plantedDictionary(SEED);
  const encode = (swapped: boolean) =>
    Promise.all(Array.from({ length: SAMPLES }, (_, i) => model.encode(plantedSample(SEED, i, swapped))));
  const pairs = pairUp(await encode(false), await encode(true));
  const batch = { clean: pairs.map((p) => p.clean), corrupt: pairs.map((p) => p.corrupt) };
  const metric = (mask: Parameters<typeof featureMetric>[4]) => featureMetric(dictionary, LAYER, FEATURES, 'pre', mask);
  const writes = await Promise.all(Array.from({ length: LAYER + 1 }, (_, l) => headWrites(model.decoder, l)));
  trace = await traceBatch(model, metric, LAYER, batch, writes);
  exact = await patchBatch(model, metric, refs, batch);
});
afterAll(() => model.close());

/** Heads by the mean absolute value of an effect on the planted feature, largest first, with that size. */
function ranked(effect: (head: number, sample: number) => number): { head: number; size: number }[] {
  return refs
    .map((_, head) => {
      let size = 0;
      for (let s = 0; s < SAMPLES; s += 1) size += Math.abs(effect(head, s)) / SAMPLES;
      return { head, size };
    })
    .sort((a, b) => b.size - a.size);
}
const estimate = (values: Float32Array) => (head: number, sample: number) => values[sample * refs.length + head]!;

describe('the planted head', () => {
  it.each(['clean', 'corrupt', 'direct'] as const)('is first by the %s estimate', (way) => {
    const [first, second] = ranked(estimate(trace[way]));
    expect(first!.head).toBe(planted);
    expect(first!.size).toBeGreaterThan(4 * second!.size);
  });

  it('is first by exact patching, and the estimate agrees with it', () => {
    const [first, second] = ranked((head, s) => exact[head * FEATURES.length * SAMPLES + s]!);
    expect(first!.head).toBe(planted);
    expect(first!.size).toBeGreaterThan(4 * second!.size);
    for (let s = 0; s < SAMPLES; s += 1) {
      const truth = exact[planted * FEATURES.length * SAMPLES + s]!;
      expect(Math.abs(estimate(trace.clean)(planted, s) - truth)).toBeLessThan(0.3 * Math.abs(truth));
    }
  });

  it.each([21, 22])('is first in other worlds as well (%i)', async (seed) => {
    expect(await plantedHeadRank(seed, 12)).toEqual({ estimate: 1, exact: 1 });
  });

  it('stands for the change of the feature between the pictures', () => {
    for (let s = 0; s < SAMPLES; s += 1) {
      const change = trace.metricCorrupt[s]! - trace.metricClean[s]!;
      expect(exact[planted * FEATURES.length * SAMPLES + s]! / change).toBeGreaterThan(0.7);
    }
  });
});
