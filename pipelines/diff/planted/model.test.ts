import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { f32 } from '#graph/tensor.ts';
import type { HeadRef, Metric } from '#graph/types.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { ANSWERS, DECODER, PLANTED_HEAD } from './decoder.ts';
import { PLANTED_FEATURE, plantedDictionary, plantedModel, plantedSample } from './model.ts';

const SAMPLES = 24;
const { layers, heads, dModel } = DECODER;
let model: TracedModel;
beforeAll(async () => {
  model = await plantedModel(5);
});
afterAll(() => model.close());

const encode = (swapped: boolean) =>
  Promise.all(Array.from({ length: SAMPLES }, (_, i) => model.encode(plantedSample(1, i, swapped))));

describe('planted decoder', () => {
  it('answers where things are, from the picture', async () => {
    const batch = await encode(false);
    const { logits } = await model.decoder.run(model.inputs(batch), { taps: ['logits'] });
    const pos = batch[0]!.ids.length;
    const right = batch.filter(({ sample }, b) => {
      const row = logits!.data.subarray((b * pos + pos - 1) * DECODER.vocab, (b * pos + pos) * DECODER.vocab);
      const odds = row[ANSWERS.left]! - row[ANSWERS.right]!;
      return odds > 0 === (sample.answer === 'left');
    });
    expect(right.length).toBe(SAMPLES);
  });

  it('moves the place through the planted head, by gradient and by exact patching', async () => {
    const [clean, corrupt] = [await encode(false), await encode(true)];
    const pos = clean[0]!.ids.length;
    const dictionary = plantedDictionary(5);
    const row = dictionary.wDec.slice(PLANTED_FEATURE * dModel, (PLANTED_FEATURE + 1) * dModel);
    const mask = Float32Array.from({ length: SAMPLES * pos }, (_, k) => (k % pos >= clean[0]!.afterImage ? 1 : 0));
    const metric: Metric = {
      at: `blocks.${layers - 1}.hook_resid_post`,
      direction: f32(row, [1, dModel]),
      mask: f32(mask, [SAMPLES, pos]),
      activation: 'identity',
    };
    const refs: HeadRef[] = Array.from({ length: layers * heads }, (_, k) => ({
      layer: Math.floor(k / heads),
      head: k % heads,
    }));
    const sites = Array.from({ length: layers }, (_, l) => `blocks.${l}.attn.hook_z`);
    const other = await model.decoder.run(model.inputs(corrupt), { taps: sites });
    const { grads, values } = await model.decoder.gradient(model.inputs(clean), metric, sites);
    const exact = await model.decoder.patchHeads(model.inputs(clean), metric, refs, other);
    const size = (k: number) => {
      let sum = 0;
      for (let s = 0; s < SAMPLES; s += 1) sum += Math.abs(exact.data[k * SAMPLES + s]!) / SAMPLES;
      return sum;
    };
    const estimate = (k: number) => {
      const { layer, head } = refs[k]!;
      const [g, z, zc] = [grads[sites[layer]!]!.data, values[sites[layer]!]!.data, other[sites[layer]!]!.data];
      const per = new Float64Array(SAMPLES);
      for (let i = 0; i < z.length; i += 1)
        if (Math.floor(i / DECODER.dHead) % heads === head)
          per[Math.floor(i / (pos * heads * DECODER.dHead))]! += (zc[i]! - z[i]!) * g[i]!;
      return per.reduce((sum, x) => sum + Math.abs(x) / SAMPLES, 0);
    };
    const planted = PLANTED_HEAD.layer * heads + PLANTED_HEAD.head;
    for (const effect of [size, estimate]) {
      const order = refs.map((_, k) => k).sort((a, b) => effect(b) - effect(a));
      expect(order[0]).toBe(planted);
      expect(effect(order[0]!)).toBeGreaterThan(5 * effect(order[1]!));
    }
  });

  it('gives the same bytes again', async () => {
    const again = await plantedModel(5);
    expect(again.hash).toBe(model.hash);
    await again.close();
  });
});
