import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { ANSWERS, basisOf, COORDINATE, DECODER, PLANTED_HEAD } from '#pipelines/diff/planted/decoder.ts';
import { plantedModel, plantedSample } from '#pipelines/diff/planted/model.ts';
import type { Choice } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { ablateHeads } from './ablate-heads.ts';
import { joinAblations } from './ablations.ts';
import { pairUp } from './batches.ts';
import { meanZ } from './mean-ablation.ts';
import type { TracedFeature } from './read-trace.ts';
import { FDR, type HeadTest, testHeads } from './significance.ts';
import { type readMask, traceBatch } from './trace.ts';

const SAMPLES = 20;
const PAIRS = 12;
const { layers, heads, dModel } = DECODER;
const WIDTH = layers * heads;
const REFS = Array.from({ length: WIDTH }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));
const PLANTED = PLANTED_HEAD.layer * heads + PLANTED_HEAD.head;
const intervals = (seed: number) => ({ rounds: 50, confidence: 0.95, seed });
const found = (tests: readonly { q: number }[]) => tests.flatMap(({ q }, head) => (q <= FDR ? [head] : []));

/** Traces directions `[K, dModel]` of the last layer, each called what `kinds` says. */
async function trace(
  model: TracedModel,
  seed: number,
  directions: Float32Array,
  kinds: readonly TracedFeature['kind'][],
): Promise<TracedFeature[]> {
  const encode = (swapped: boolean) =>
    Promise.all(Array.from({ length: SAMPLES }, (_, i) => model.encode(plantedSample(seed, i, swapped))));
  const pairs = pairUp(await encode(false), await encode(true));
  const batch = { clean: pairs.map((p) => p.clean), corrupt: pairs.map((p) => p.corrupt) };
  const metric = (mask: ReturnType<typeof readMask>) => ({
    at: `blocks.${layers - 1}.hook_resid_post`,
    direction: { type: 'float32' as const, dims: [kinds.length, dModel], data: directions },
    mask,
    activation: 'identity' as const,
  });
  const t = await traceBatch(model, metric, layers - 1, batch, Array(layers).fill(null));
  const part = (a: Float32Array, k: number) => a.slice(k * SAMPLES * WIDTH, (k + 1) * SAMPLES * WIDTH);
  return kinds.map((kind, k) => ({
    layer: layers - 1,
    feature: k,
    kind,
    samples: SAMPLES,
    width: WIDTH,
    clean: part(t.clean, k).map((x, i) => {
      const s = k * SAMPLES + Math.floor(i / WIDTH);
      return x * Math.sign(t.metricCorrupt[s]! - t.metricClean[s]!);
    }),
    corrupt: part(t.corrupt, k),
    absolute: part(t.absolute, k),
    direct: part(t.direct, k),
    exact: new Map(),
  }));
}

/** `PAIRS` features that read the answer's direction where `planted`, and as many random ones. */
function directions(seed: number, planted: boolean): Float32Array {
  const draw = random(seed, 'null.test', 'directions');
  const answerRow = basisOf(seed).subarray(COORDINATE.answer * dModel, (COORDINATE.answer + 1) * dModel);
  return Float32Array.from({ length: 2 * PAIRS * dModel }, (_, i) => {
    const own = planted && i < PAIRS * dModel ? answerRow[i % dModel]! : 0;
    return own + draw.normal() / Math.sqrt(dModel);
  });
}
const KINDS = Array.from({ length: 2 * PAIRS }, (_, k) => (k < PAIRS ? ('spatial' as const) : ('random' as const)));

/** Tests of ablation by head: `right` says which answer counts as right in each sample. */
async function ablate(
  model: TracedModel,
  seed: number,
  right: (sample: number, truth: boolean) => boolean,
): Promise<{ rank: number; q: number }[]> {
  const encoded = await Promise.all(
    Array.from({ length: 3 * SAMPLES }, (_, i) => model.encode(plantedSample(seed, i))),
  );
  const choices = encoded.map((e, i): Choice => {
    const left = right(i, e.sample.answer === 'left');
    return {
      encoded: e,
      right: left ? ANSWERS.left : ANSWERS.right,
      wrong: left ? ANSWERS.right : ANSWERS.left,
    };
  });
  const order = Array.from({ length: layers }, (_, l) => l);
  const others = await Promise.all(
    Array.from({ length: SAMPLES }, (_, i) => model.encode(plantedSample(seed, 900 + i))),
  );
  const means = await meanZ(model, others, order);
  const moved = await ablateHeads(model, choices, REFS, means);
  const rows = moved.map((change, i) => {
    const both = { log_odds: Array.from(change), accuracy: Array.from(change, () => 0) };
    return { ...REFS[i]!, spatial: both, control: both };
  });
  return joinAblations({ heads: rows }, layers, heads, intervals(seed)).map((head) => {
    const row = head!.rows.find((r) => r.task === 'spatial' && r.measure === 'log_odds')!;
    return { rank: head!.rank, q: row.q! };
  });
}

/** A run of the planted model, or of one that is its base. */
async function withModel<T>(seed: number, planted: boolean, run: (model: TracedModel) => Promise<T>): Promise<T> {
  const model = await plantedModel(seed, { planted });
  try {
    return await run(model);
  } finally {
    await model.close();
  }
}

const SEEDS = [1, 2, 3, 4, 5];

describe.each(SEEDS)('heads of world %i', (seed) => {
  it('the planted one feeds the spatial features beyond their controls', async () => {
    const tests = await withModel(
      seed,
      true,
      async (model) => testHeads(await trace(model, seed, directions(seed, true), KINDS), WIDTH, intervals(seed))!,
    );
    expect(found(tests)).toContain(PLANTED);
    const largest = tests.reduce((top: HeadTest, t) => (t.difference.value > top.difference.value ? t : top));
    expect(largest).toBe(tests[PLANTED]);
    expect(largest.difference.low!).toBeGreaterThan(0);
    expect(largest.difference.n).toBe(PAIRS);
  });

  it('none stands out where the tuned model is the base', async () => {
    const tests = await withModel(
      seed,
      false,
      async (model) => testHeads(await trace(model, seed, directions(seed, false), KINDS), WIDTH, intervals(seed))!,
    );
    expect(found(tests)).toEqual([]);
  });

  it('none stands out where features and controls change places at random', async () => {
    const draw = random(seed, 'null.test', 'labels');
    const kinds = [...KINDS];
    for (let k = 0; k < PAIRS; k += 1)
      if (draw.chance(0.5)) [kinds[k], kinds[k + PAIRS]] = [kinds[k + PAIRS]!, kinds[k]!];
    const tests = await withModel(seed, true, async (model) => {
      const features = await trace(model, seed, directions(seed, true), kinds);
      // The k-th feature and the k-th control stay a pair, whichever of the two is called spatial.
      const pair = (f: TracedFeature) => f.feature % PAIRS;
      return testHeads(
        [...features].sort((a, b) => pair(a) - pair(b)),
        WIDTH,
        intervals(seed),
      )!;
    });
    expect(found(tests)).toEqual([]);
  });

  it('ablation of the planted one costs the most log-odds, beyond chance', async () => {
    const heads = await withModel(seed, true, (model) => ablate(model, seed, (_, truth) => truth));
    expect(heads[PLANTED]!.rank).toBe(1);
    expect(found(heads)).toContain(PLANTED);
  });

  it('no ablation stands out where the tuned model is the base', async () => {
    expect(found(await withModel(seed, false, (model) => ablate(model, seed, (_, truth) => truth)))).toEqual([]);
  });

  it('no ablation stands out where the answers are shuffled over the samples', async () => {
    const draw = random(seed, 'null.test', 'answers');
    const shuffled = Array.from({ length: 3 * SAMPLES }, () => draw.chance(0.5));
    expect(found(await withModel(seed, true, (model) => ablate(model, seed, (i) => shuffled[i]!)))).toEqual([]);
  });
});
