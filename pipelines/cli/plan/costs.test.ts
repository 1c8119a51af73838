import { expect, test } from 'vitest';
import type { Stage } from '../../config/stage.ts';
import { costsOf, makespan } from './costs.ts';
import { streamKey } from './measure.ts';

const stage = (
  name: string,
  module: string,
  settings: Stage['settings'],
  inputs: Record<string, string> = {},
): Stage => ({
  ...{ name, module, settings, inputs, version: 1, files: { model: 'm' } },
});
const harvest = stage('harvest/tuned/spatial/0', 'activations/harvest.stage.ts', {
  ...{ dataset: 'x', image: 'own', from: 10, to: 110, layers: [0, 1], dtype: 'float16' },
});
const train = stage('sae/S/L00', 'sae/train.stage.ts', { tokens: 5000 }, { 'activations/0': harvest.name });
const join = stage('diff/join', 'diff/join.stage.ts', {}, { a: train.name });
const rates = {
  read: new Map([[streamKey(harvest), { start: 2, each: 0.5 }]]),
  tokens: new Map([[streamKey(harvest), 20]]),
  train: { start: 1, each: 0.01 },
  pass: 0.1,
  encode: 0.001,
};
const shape = { dModel: 8, depth: 2, heads: 4, features: 16 };

test('costs by hand', () => {
  const costs = costsOf([harvest, train, join], rates, shape);
  expect(costs.get(harvest.name)).toEqual({
    samples: 100,
    tokens: 2000,
    seconds: 1 + 2 + 50,
    bytes: 2000 * (2 * 8 * 2 + 12),
  });
  expect(costs.get(train.name)).toEqual({
    samples: 0,
    tokens: 5000,
    seconds: 1 + 1 + 50,
    bytes: 4 * (2 * 8 * 16 + 8 + 16),
  });
  expect(costs.get(join.name)).toMatchObject({ tokens: 0, seconds: 1 });
});

test('work that passes its inputs through an encoder counts their tokens', () => {
  const spatial = stage('spatial/L00', 'spatial/spatial.stage.ts', {}, { 'spatial/0': harvest.name, sae: train.name });
  expect(costsOf([harvest, train, spatial], rates, shape).get('spatial/L00')).toMatchObject({
    tokens: 2000,
    seconds: 1 + 2,
  });
});

test('the time on several processes waits for inputs and for a free process', () => {
  const plan = [
    stage('a', 'x', {}),
    stage('b', 'x', {}),
    stage('c', 'x', {}, { a: 'a' }),
    stage('d', 'x', {}, { b: 'b', c: 'c' }),
  ];
  const seconds = (name: string) => ({ a: 3, b: 5, c: 4, d: 1 })[name]!;
  expect([1, 2, 3].map((workers) => makespan(plan, seconds, workers))).toEqual([13, 8, 8]);
});
