import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStore } from '#pipelines/activations/index.ts';
import { plantedActivations } from '../testing/planted.ts';
import { run } from '../train.stage.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { learningRate, type TrainConfig } from './config.ts';
import { geometricMedian, scaleOf } from './init.ts';
import { emptyLog } from './log.ts';
import { startState } from './state.ts';
import { keepRows, openTrainer, spreadOf } from './trainer.ts';

let root = '';
const d = 16;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'train-'));
  const { x } = plantedActivations({ d, n: 24, active: 2, tokens: 4000, seed: 1 });
  const store = await createStore(join(root, 'store'), { dModel: d, layers: [3], dtype: 'float32' });
  for (let s = 0; s < 40; s += 1) {
    const position = Array.from({ length: 100 }, (_, p) => p + 1);
    const zeros = position.map(() => 0);
    const tokens = { position, class: position.map((p) => p % 2), id: zeros, afterImage: zeros };
    await store.append(`s${s}`, tokens, new Map([[3, x.slice(s * 100 * d, (s + 1) * 100 * d)]]));
  }
  await store.close();
});
afterAll(() => rm(root, { recursive: true }));

const settings = {
  ...{ stage: 'S', layer: 3, tokens: 6400, batch: 64, features: 48, k: 2, lr: 3e-3, checkpointEvery: 10 },
  aux: { coefficient: 1 / 32, k: 8, deadAfter: 1000 },
};

interface Stop {
  readonly at?: number;
  readonly start?: string;
}

async function stage(out: string, more: object = {}, { at, start }: Stop = {}): Promise<void> {
  await run({
    settings: { ...settings, ...more },
    inputs: { 'activations/0': join(root, 'store'), ...(start ? { start } : {}) },
    files: {},
    out,
    device: 'cpu',
    progress(done) {
      if (at !== undefined && done >= at * settings.batch) throw new Error('killed');
    },
    log() {},
  });
}

const fresh = (name: string) => mkdtemp(join(root, name));
const bytes = (dir: string) =>
  Promise.all(['cfg.json', 'sae_weights.safetensors', 'log.json'].map((file) => readFile(join(dir, file))));
const logOf = async (dir: string) =>
  JSON.parse(await readFile(join(dir, 'log.json'), 'utf8')) as Record<string, number[]>;

describe('a stage of training', () => {
  test('finds planted directions, and leaves no feature dead', async () => {
    const out = await fresh('learns');
    await stage(out, { tokens: 19_200 });
    const log = await logOf(out);
    expect(log['fvu']!.at(-1)).toBeLessThan(0.5 * log['fvu']![0]!);
    expect(log['step']!.at(-1)).toBe(300);
    expect(log['dead']!.at(-1)).toBeLessThan(0.2);
  });

  test.each(['topk', 'batchtopk', 'jumprelu', 'relu'])(
    '%s: killed and started again, it ends with the same bytes',
    async (activation) => {
      const [whole, stopped] = [await fresh('whole'), await fresh('stopped')];
      const more = { activation, l1: activation === 'relu' ? 0.01 : 0 };
      await stage(whole, more);
      for (const at of [7, 23, 61]) await expect(stage(stopped, more, { at })).rejects.toThrow('killed');
      await stage(stopped, more);
      expect(await bytes(stopped)).toEqual(await bytes(whole));
    },
  );

  test('a damaged checkpoint is passed over', async () => {
    const [whole, stopped] = [await fresh('whole'), await fresh('damaged')];
    await stage(whole);
    await expect(stage(stopped, {}, { at: 31 })).rejects.toThrow('killed');
    const path = join(stopped, 'checkpoint.safetensors');
    const file = await readFile(path);
    file[file.length - 5]! ^= 1;
    await writeFile(path, file);
    await stage(stopped);
    expect(await bytes(stopped)).toEqual(await bytes(whole));
  });

  test('adaptation goes on from the dictionary given, on the tokens of its mask', async () => {
    const [start, out, again] = [await fresh('start'), await fresh('adapted'), await fresh('again')];
    await stage(start);
    await stage(out, { stage: 'F', mask: 'image', lr: 1e-6, tokens: 64 }, { start });
    await stage(again, { stage: 'F2', mask: 'image', lr: 1e-6, tokens: 64, seed: 9 }, { start });
    expect((await logOf(out))['fvu']![0]).toBeLessThan(1.5 * (await logOf(start))['fvu']!.at(-1)!);
    expect((await bytes(again))[1]).not.toEqual((await bytes(out))[1]);
  });

  test('no token of the class is a line that names the mask', async () => {
    await expect(stage(await fresh('none'), { samples: [40, 50] })).rejects.toThrow(/no token of class all/);
  });
});

test('a checkpoint of another run, or of none, is not gone on from', async () => {
  const path = join(root, 'c.safetensors');
  const shape = { d: 2, n: 3, activation: 'topk' } as const;
  const zeros = {
    wEnc: new Float32Array(6),
    bEnc: new Float32Array(3),
    wDec: new Float32Array(6),
    bDec: new Float32Array(2),
  };
  const state = { ...startState(shape, zeros), step: 5, threshold: 0.1 };
  expect(await readCheckpoint(path, 'a', shape)).toBeUndefined();
  await writeCheckpoint(path, 'a', { state, log: emptyLog() });
  expect((await readCheckpoint(path, 'a', shape))?.state).toEqual(state);
  expect(await readCheckpoint(path, 'b', shape)).toBeUndefined();
});

test('learning rate: warm-up, plateau, decay, by hand', () => {
  const config = {
    adam: { lr: 2, betas: [0.9, 0.999] as const, eps: 1e-8 },
    schedule: { warmup: 4, decay: 2, total: 8 },
  };
  expect([1, 2, 4, 5, 6, 7, 8].map((t) => learningRate(config, t))).toEqual([0.5, 1, 2, 2, 2, 2, 1]);
});

test('spread is exact where tokens are equal; the mask drops rows; scale is a power of two; the median resists an outlier', () => {
  expect(spreadOf(new Float32Array(30).fill(0.1), 3, 0.7)).toBe(0);
  expect(spreadOf(Float32Array.of(1, 3), 1, 2)).toBe(8);
  expect([...keepRows(Float32Array.of(1, 2, 3, 4, 5, 6), 2, [1, 0, 1])]).toEqual([1, 2, 5, 6]);
  expect(scaleOf(Float32Array.of(3, 4, 6, 8), 2)).toBe(0.25);
  const median = geometricMedian(Float32Array.of(0, 0, 0, 0, 100), 1);
  expect(Math.abs(median[0]!)).toBeLessThan(1e-3);
});

test('no token, or tokens that are all equal, end a step in a line', async () => {
  const config: TrainConfig = {
    ...{ d: 2, n: 4, activation: 'relu', scale: 1, applyBDec: true, loss: {} },
    adam: { lr: 1, betas: [0.9, 0.999], eps: 1e-8 },
    schedule: { warmup: 0, decay: 0, total: 1 },
    decoder: { unitNorm: false, projectGradient: false },
  };
  const params = {
    wEnc: new Float32Array(8),
    bEnc: new Float32Array(4),
    wDec: new Float32Array(8),
    bDec: new Float32Array(2),
  };
  const trainer = await openTrainer(config, startState(config, params));
  await expect(trainer.step(Float32Array.of(1, 2, 3, 4), [0, 0])).rejects.toThrow(/no token/);
  await expect(trainer.step(Float32Array.of(1, 2, 1, 2))).rejects.toThrow(/all equal/);
  await trainer.close();
});
