import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plantedActivations } from '../testing/planted.ts';
import type { TrainConfig } from './config.ts';
import { nthLargest, sortByColumn } from './cpu/columns.ts';
import { initial } from './init.ts';
import { openTrainer } from './trainer.ts';

const [d, n, batch] = [20, 150, 37];
const { x } = plantedActivations({ d, n: 30, active: 3, tokens: batch * 6, seed: 4 });

const base: Omit<TrainConfig, 'activation' | 'loss' | 'decoder'> = {
  ...{ d, n, k: 4, scale: 0.5, applyBDec: true, thresholdLr: 0.1 },
  ...{ adam: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8 }, schedule: { warmup: 2, decay: 2, total: 6 } },
};
const few = { ...base, applyBDec: false };
const aux = { coefficient: 0.1, k: 7, deadAfter: 70 };
const CASES: Readonly<Record<string, TrainConfig>> = {
  topk: { ...base, activation: 'topk', loss: {}, decoder: { unitNorm: true, projectGradient: true } },
  'topk, l1, no b_dec on the way in': {
    ...{ ...base, activation: 'topk', applyBDec: false, loss: { l1: 0.02 } },
    decoder: { unitNorm: false, projectGradient: false },
  },
  'topk, aux': { ...base, activation: 'topk', loss: { aux }, decoder: { unitNorm: true, projectGradient: true } },
  batchtopk: {
    ...base,
    activation: 'batchtopk',
    k: 3.7,
    loss: { aux },
    decoder: { unitNorm: true, projectGradient: false },
  },
  'relu, dense': {
    ...base,
    activation: 'relu',
    loss: { l1: 0.01, aux },
    decoder: { unitNorm: true, projectGradient: true },
  },
  'relu, few': { ...few, activation: 'relu', loss: { l1: 0.01 }, decoder: { unitNorm: false, projectGradient: false } },
  'jumprelu, dense': {
    ...{
      ...base,
      activation: 'jumprelu',
      loss: { l0: { coefficient: 0.5, target: 3, bandwidth: 0.2 }, l1: 0.01, aux },
    },
    decoder: { unitNorm: true, projectGradient: true },
  },
  'jumprelu, few': {
    ...{ ...few, activation: 'jumprelu', loss: { l0: { coefficient: 0.5, target: 3, bandwidth: 0.2 }, l1: 0.01, aux } },
    decoder: { unitNorm: true, projectGradient: true },
  },
};
/** Encoder bias that leaves few entries positive, by the name of the case. */
const biasOf = (name: string) => (name.endsWith('few') ? -0.75 : 0);

describe('the engine of the CPU takes the steps of the dense graph', () => {
  test.each(Object.entries(CASES))('%s', async (name, config) => {
    // An encoder that is not the decoder's transpose: else a token with one active feature has a gradient of exactly 0, and Adam
    // makes a step of its rounding.
    const first = initial(config, x, 1, 'mean');
    const start = {
      ...first,
      sinceFired: first.sinceFired.map((_, i) => (i % 5 ? 0 : 100)),
      params: {
        ...first.params,
        bEnc: first.params.bEnc!.map(() => biasOf(name)),
        wEnc: first.params.wEnc!.map((v, j) => v + 0.1 * Math.sin(j)),
      },
    };
    const [dense, sparse] = await Promise.all([
      openTrainer(config, start, { engine: 'graph' }),
      openTrainer(config, start, { engine: 'cpu' }),
    ]);
    const mask = Array.from({ length: batch }, (_, t) => t % 5);
    for (let s = 0; s < 6; s += 1) {
      const rows = x.subarray(s * batch * d, (s + 1) * batch * d);
      const [a, b] = [
        await dense.step(rows, s === 0 ? undefined : mask),
        await sparse.step(rows, s === 0 ? undefined : mask),
      ];
      expect(b.fired).toEqual(a.fired);
      for (const figure of ['loss', 'fvu', 'l0', 'aux'] as const) expect(b[figure]).toBeCloseTo(a[figure], 4);
      if (config.activation === 'batchtopk') expect(b.least).toBeCloseTo(a.least, 5);
      if (name.endsWith('few')) expect(a.l0).toBeLessThan(n / 20);
      if (name.endsWith('dense')) expect(a.l0).toBeGreaterThan(n / 12);
      if (config.loss.aux && s === 0) expect(b.aux).toBeGreaterThan(0);
    }
    const [a, b] = [dense.state(), sparse.state()];
    for (const group of ['params', 'm', 'v'] as const)
      for (const [name, data] of Object.entries(a[group])) {
        const size = Math.max(...data.map(Math.abs));
        const worst = Math.max(...data.map((v, i) => Math.abs(v - b[group][name as 'wEnc']![i]!)));
        expect(worst, `${group}.${name}`).toBeLessThan(2e-5 * size);
      }
    expect(b.sinceFired).toEqual(a.sinceFired);
    expect(b.threshold).toBeCloseTo(a.threshold, 5);
    await dense.close();
    await sparse.close();
  });
});

test.each(['jumprelu', 'relu', 'topk', 'batchtopk'] as const)(
  '%s over several blocks of features is the dense graph too',
  async (activation) => {
    const wide = { ...base, n: 4300, activation, decoder: { unitNorm: true, projectGradient: true } };
    const l0 = { coefficient: 0.5, target: 2000, bandwidth: 0.2 };
    const config: TrainConfig = { ...wide, loss: activation === 'jumprelu' ? { l0 } : {} };
    const start = initial(config, x, 3, 'mean');
    const wEnc = start.params.wEnc!.map((v, j) => v + 0.1 * Math.sin(j));
    const from = { ...start, params: { ...start.params, wEnc } };
    const trainers = await Promise.all([
      openTrainer(config, from, { engine: 'graph' }),
      openTrainer(config, from, { engine: 'cpu' }),
    ]);
    const rows = x.subarray(0, batch * d);
    const [a, b] = [await trainers[0].step(rows), await trainers[1].step(rows)];
    expect(b.fired).toEqual(a.fired);
    for (const figure of ['fvu', 'loss'] as const) expect(b[figure] / a[figure]).toBeCloseTo(1, 6);
    const [want, got] = [trainers[0].state(), trainers[1].state()];
    for (const [name, data] of Object.entries(want.m)) {
      const size = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = data.reduce((most, v, i) => Math.max(most, Math.abs(v - got.m[name as 'wEnc']![i]!)), 0);
      expect(worst, name).toBeLessThan(2e-5 * size);
    }
    for (const trainer of trainers) await trainer.close();
  },
);

test('the n-th largest is that of a sorted copy', () => {
  const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(numbers, fc.nat(), (values, at) => {
      const count = (at % values.length) + 1;
      const sorted = Float32Array.from(values).sort();
      expect(nthLargest(Float32Array.from(values), values.length, count)).toBe(sorted[values.length - count]! + 0);
    }),
  );
});

test('sorting by column keeps every entry, tokens ascending', () => {
  const rows = fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 6 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(rows, (features) => {
      const entries = features.flatMap((list, t) => list.map((i) => [t, i] as const));
      const lists = {
        rowIndex: Uint32Array.from(entries, ([, i]) => i),
        rowValue: Float32Array.from(entries, ([t, i]) => 100 * t + i),
        rowOffsets: Uint32Array.from([0, ...features.keys()].map((_, t) => features.slice(0, t).flat().length)),
        colToken: new Uint32Array(entries.length),
        colValue: new Float32Array(entries.length),
        colOffsets: new Uint32Array(11),
      };
      sortByColumn(lists, features.length, 10);
      const want = [...entries].sort(([t, i], [s, j]) => i - j || t - s);
      expect([...lists.colToken]).toEqual(want.map(([t]) => t));
      expect([...lists.colValue]).toEqual(want.map(([t, i]) => 100 * t + i));
      for (let i = 0; i < 10; i += 1)
        expect(lists.colOffsets[i + 1]! - lists.colOffsets[i]!).toBe(want.filter(([, j]) => j === i).length);
    }),
  );
});
