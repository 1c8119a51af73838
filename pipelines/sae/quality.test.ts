import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { f32, type Tensor } from '#graph/tensor.ts';
import type { Decoder, RunOptions } from '#graph/types.ts';
import { createStore, openStore, rowsWhere } from '#pipelines/activations/index.ts';
import { random } from '#pipelines/data/random.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import { estimate } from './bootstrap.ts';
import { decodeScaled } from './decode.ts';
import { createEncoder } from './encode.ts';
import { prepare } from './input.ts';
import { crossEntropy, spliceLoss } from './loss.ts';
import { binOf, lossRecovered, measure } from './measure.ts';
import { qualityRows, sumQuality } from './quality.ts';
import type { Sae } from './types.ts';

const [d, n] = [6, 14];
const draw = (length: number, ...seed: string[]) => {
  const source = random(...seed);
  return Float32Array.from({ length }, () => source.normal());
};
const sae: Sae = {
  ...{ d, n, activation: 'topk', k: 3, scale: 0.5, applyBDec: true, wEnc: draw(d * n, 'e'), bEnc: draw(n, 'b') },
  ...{ wDec: draw(n * d, 'd'), bDec: draw(d, 'c') },
};
const interval = { rounds: 50, confidence: 0.9, seed: 0 };

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quality-'));
});
afterAll(() => rm(root, { recursive: true }));

test('rows of a store are the measures of its tokens, by class', async () => {
  const store = await createStore(root, { dModel: d, layers: [1], dtype: 'float32' });
  for (let s = 0; s < 9; s += 1) {
    const position = Array.from({ length: 4 + s }, (_, p) => p + 1);
    const zeros = position.map(() => 0);
    const tokens = { position, class: position.map((p) => Number(p > 2)), id: zeros, afterImage: zeros };
    await store.append(`s${s}`, tokens, new Map([[1, draw(position.length * d, 'x', String(s))]]));
  }
  await store.close();
  const opened = await openStore([root]);
  const rows = qualityRows(await sumQuality(sae, opened, 1), { ...interval, stage: 'S', layer: 1, stream: 'a/b' });
  const x = await opened.rows(1, 0, opened.meta.tokens);
  const encoder = await createEncoder(sae);
  const f = await encoder.encodeSparse(x, opened.meta.tokens);
  await encoder.close();
  const all = { d, n, u: prepare(sae, x).u, uHat: decodeScaled(sae, f), f };
  expect(rows.map((r) => r.token_class)).toEqual(['all', 'image', 'text']);
  for (const row of rows) {
    const m = measure(all, [...rowsWhere(opened, { mask: row.token_class })]);
    expect(row.tokens).toBe(m.tokens);
    expect(row.fvu.value).toBeCloseTo(m.fvu, 6);
    expect(row.explained_variance.value).toBeCloseTo(1 - m.fvu, 6);
    expect(row.l0.value).toBeCloseTo(m.l0, 9);
    expect(row.dead_fraction).toBeCloseTo(m.deadFraction, 9);
    expect(row.dense_fraction).toBeCloseTo(m.frequency.filter((v) => v > 0.1).length / n, 9);
    expect(row.fvu.low!).toBeLessThan(row.fvu.value);
    expect(row.fvu.high!).toBeGreaterThan(row.fvu.value);
    expect(row.fvu.n).toBe(9);
    expect(row.frequency!.counts.reduce((a, b) => a + b)).toBe(m.frequency.filter((v) => v > 0).length);
  }
});

test('measures, by hand: FVU 0.3125 of method.md, bins closed at the end, an empty group refused', () => {
  const u = Float32Array.of(-1, 0, 0, 2, 1, 1);
  const uHat = Float32Array.of(0, 0, 0, 2, 0.5, 1);
  const f = { offsets: Uint32Array.of(0, 1, 1, 3), index: Uint32Array.of(0, 0, 1), value: Float32Array.of(2, 4, 1) };
  const m = measure({ d: 2, n: 3, u, uHat, f }, [0, 1, 2], [0, 2, 4]);
  expect(m.fvu).toBeCloseTo(0.3125, 12);
  expect(m.l0).toBe(1);
  expect(m.deadFraction).toBeCloseTo(1 / 3, 12);
  expect([...m.meanActive]).toEqual([3, 1, 0]);
  expect([...m.max]).toEqual([4, 1, 0]);
  expect([...m.histogram]).toEqual([0, 2, 1, 0, 0, 0]);
  expect([-1, 0, 1.9, 2, 4, 4.1].map((v) => binOf(v, [0, 2, 4]))).toEqual([-1, 0, 0, 1, 1, -1]);
  expect(() => measure({ d: 2, n: 3, u, uHat, f }, [])).toThrow(/empty/);
  expect(() => measure({ d: 2, n: 3, u, uHat, f }, [1])).toThrow(/all equal/);
  expect(lossRecovered(1, 1.5, 3)).toBe(0.75);
  expect(() => lossRecovered(1, 2, 1)).toThrow(/leaves the loss/);
});

test('an interval covers the mean of the samples, and is absent for one sample', () => {
  const sums = Float64Array.from({ length: 40 }, (_, i) => i % 4);
  const ones = new Float64Array(40).fill(1);
  const mean = estimate([sums, ones], ones, (a, b) => a / b, { rounds: 400, confidence: 0.95, seed: 3 });
  expect(mean).toMatchObject({ value: 1.5, n: 40 });
  const width = 2 * 1.96 * Math.sqrt(1.25 / 40);
  expect(mean.high! - mean.low!).toBeGreaterThan(0.8 * width);
  expect(mean.high! - mean.low!).toBeLessThan(1.2 * width);
  const one = Float64Array.of(0, 2, 0);
  expect(estimate([one], one, (a) => a, interval)).toEqual({ value: 2, low: null, high: null, n: 1 });
});

/** A decoder of one block whose logits are the stream's first numbers. */
function toy(streams: readonly Float32Array[]): { model: TracedModel; samples: Encoded[] } {
  const [positions, vocab] = [5, 4];
  const samples = streams.map(
    (_, s): Encoded => ({
      sample: { id: `s${s}`, prompt: '' },
      ids: Int32Array.of(0, 1, 2, 3, 1),
      classes: Uint8Array.of(2, 0, 1, 1, 1),
      afterImage: 2,
    }),
  );
  const run = async (inputs: { batch?: Tensor }, { interventions = [] }: RunOptions = {}) => {
    const batch = [...(inputs.batch!.data as Int32Array)];
    const data = new Float32Array(batch.length * positions * d);
    for (const [row, s] of batch.entries()) data.set(streams[s]!, row * positions * d);
    const stream = (interventions[0]?.value as Tensor<'float32'>) ?? f32(data, [batch.length, positions, d]);
    const logits = new Float32Array(batch.length * positions * vocab);
    for (let t = 0; t < batch.length * positions; t += 1)
      logits.set(stream.data.subarray(t * d, t * d + vocab), t * vocab);
    return { 'blocks.0.hook_resid_post': stream, logits: f32(logits, [batch.length, positions, vocab]) };
  };
  const inputs = (batch: readonly Encoded[]) => ({
    batch: { type: 'int32', dims: [batch.length], data: Int32Array.from(batch, (e) => samples.indexOf(e)) } as Tensor,
  });
  return { model: { decoder: { run } as unknown as Decoder, inputs } as unknown as TracedModel, samples };
}

test('cross-entropy counts the positions before a text token, by hand', () => {
  const { samples } = toy([new Float32Array(5 * d)]);
  const [sum, count] = crossEntropy(new Float32Array(20), 4, samples[0]!);
  expect(count).toBe(3);
  expect(sum).toBeCloseTo(3 * Math.log(4), 12);
});

test('loss recovered: 1 for a perfect dictionary, 0 for one that gives zero, and only the class is spliced', async () => {
  const unit = (i: number, j: number) => Number(i === j || i === j + d);
  const perfect: Sae = {
    ...{
      d,
      n: 2 * d,
      activation: 'relu',
      scale: 1,
      applyBDec: false,
      bEnc: new Float32Array(2 * d),
      bDec: new Float32Array(d),
    },
    wEnc: Float32Array.from(
      { length: d * 2 * d },
      (_, j) => unit(j % (2 * d), Math.floor(j / (2 * d))) * (j % (2 * d) < d ? 1 : -1),
    ),
    wDec: Float32Array.from(
      { length: 2 * d * d },
      (_, j) => unit(Math.floor(j / d), j % d) * (Math.floor(j / d) < d ? 1 : -1),
    ),
  };
  const streams = [draw(5 * d, 'a'), draw(5 * d, 'b'), draw(5 * d, 'c')];
  const { model, samples } = toy(streams);
  const of = (one: Sae) =>
    spliceLoss({ model, sae: one, layer: 0, samples, groups: ['all', 'image'], mean: new Float32Array(d), interval });
  const best = await of(perfect);
  expect(best.all!.recovered.value).toBeCloseTo(1, 5);
  expect(best.all!.spliced).toBeCloseTo(best.all!.clean, 5);
  expect(best.all!.zero).toBeCloseTo(Math.log(4), 5);
  const worst = await of({ ...perfect, wDec: new Float32Array(2 * d * d) });
  expect(worst.all!.recovered.value).toBeCloseTo(0, 5);
  const [clean, image] = streams
    .map((stream) => {
      const rows = [1, 2, 3].map((p) => [...stream.subarray(p * d, p * d + 4)]);
      const entropy = (row: number[], id: number) => Math.log(row.reduce((s, v) => s + Math.exp(v), 0)) - row[id]!;
      return [
        entropy(rows[0]!, 2) + entropy(rows[1]!, 3) + entropy(rows[2]!, 1),
        Math.log(4) + entropy(rows[1]!, 3) + entropy(rows[2]!, 1),
      ];
    })
    .reduce((a, b) => [a[0]! + b[0]!, a[1]! + b[1]!]);
  expect(best.image!.clean).toBeCloseTo(clean! / 9, 5);
  expect(best.image!.zero).toBeCloseTo(image! / 9, 5);
});
