import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWERS, DECODER } from '#pipelines/diff/planted/decoder.ts';
import { plantedModel, plantedSample } from '#pipelines/diff/planted/model.ts';
import type { Choice } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { ablateHeads } from './ablate-heads.ts';
import { answer } from './behaviour.ts';
import { paired } from './estimate.ts';
import { meanAblation, meanZ } from './mean-ablation.ts';
import { unembeddingRows } from './readout.ts';

const { layers, heads, dHead } = DECODER;
const REFS = Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));

let model: TracedModel;
let choices: Choice[];
let means: Map<number, Float32Array>;
beforeAll(async () => {
  model = await plantedModel(6);
  const encode = (from: number, n: number) =>
    Promise.all(Array.from({ length: n }, (_, i) => model.encode(plantedSample(6, from + i))));
  choices = (await encode(0, 40)).map((encoded) => {
    const left = encoded.sample.answer === 'left';
    return { encoded, right: left ? ANSWERS.left : ANSWERS.right, wrong: left ? ANSWERS.right : ANSWERS.left };
  });
  means = await meanZ(model, await encode(100, 20), [0, 1, 2]);
});
afterAll(() => model.close());

describe('mean ablation of all heads at once', () => {
  it('is that of each head by itself', async () => {
    const together = await ablateHeads(model, choices, REFS, means);
    const intact = await answer(model, choices);
    for (const [i, ref] of REFS.entries()) {
      const held = meanAblation([ref], means, dHead);
      const alone = paired((await answer(model, choices, () => held)).log_odds, intact.log_odds);
      for (const [s, change] of alone.entries()) expect(together[i]![s]).toBeCloseTo(change, 4);
    }
  });

  it('is that of each head by itself where logits bend as well', async () => {
    const { decoder } = model;
    const bent: TracedModel = {
      ...model,
      decoder: {
        ...decoder,
        run: async (inputs, options) => {
          const taps = await decoder.run(inputs, options);
          const { logits } = taps;
          return logits ? { ...taps, logits: { ...logits, data: logits.data.map((x) => 2 * Math.tanh(x / 2)) } } : taps;
        },
      },
    };
    expect(await unembeddingRows(bent.decoder, [0, 1])).toBe(null);
    const capped = await ablateHeads(bent, choices, REFS.slice(4, 8), means);
    const free = await ablateHeads(model, choices, REFS.slice(4, 8), means);
    expect(Math.abs(capped[2]![0]!)).toBeLessThan(Math.abs(free[2]![0]!));
    expect(Math.sign(capped[2]![0]!)).toBe(Math.sign(free[2]![0]!));
  });
});
