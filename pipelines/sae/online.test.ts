import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openSource, openStore } from '#pipelines/activations/index.ts';
import { run as harvest } from '../activations/harvest.stage.ts';
import { openModel } from '../models/index.ts';
import { loadSae } from './index.ts';
import { run } from './online.stage.ts';
import { run as pick } from './pick.stage.ts';

/** Trainers that were opened and not closed. */
const open = vi.hoisted(() => new Set<object>());
vi.mock('./train/trainer.ts', async (original) => {
  const real = await original<typeof import('./train/trainer.ts')>();
  const openTrainer: typeof real.openTrainer = async (...args) => {
    const trainer = await real.openTrainer(...args);
    open.add(trainer);
    const close = () => {
      open.delete(trainer);
      return trainer.close();
    };
    return { ...trainer, close };
  };
  return { ...real, openTrainer };
});

const model = fileURLToPath(new URL('../../fixtures/demo/base', import.meta.url));
let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'online-'));
});
afterAll(() => rm(root, { recursive: true }));

const stream = { dataset: 'demo-text', seed: 0, dtype: 'float16', image: 'none', answer: false } as const;
const layers = [1, 4];
const settings = {
  ...{ ...stream, layers, slices: [[0, 12]] },
  train: { stage: 'S', tokens: 2560, batch: 64, features: 48, k: 3, checkpointEvery: 5, buffer: 300 },
};
const context = { inputs: {}, files: { model }, device: 'cpu' as const, log() {} };

async function train(out: string, stopAt = Number.POSITIVE_INFINITY): Promise<void> {
  const progress = (done: number) => {
    expect(open.size).toBe(layers.length);
    if (done >= stopAt * settings.train.batch) throw new Error('killed');
  };
  await run({ ...context, settings, out, progress });
}

test('the rows of a stream are those that its store gives back', async () => {
  const out = await mkdtemp(join(root, 'store'));
  await harvest({ ...context, settings: { ...stream, from: 0, to: 12, layers }, out, progress() {} });
  const store = await openStore([out]);
  const opened = await openModel(model);
  const { classes, rows } = await openSource(opened, layers, { ...stream, slices: [[0, 12]] }).group(0);
  await opened.close();
  expect([...classes]).toEqual([...store.table.class]);
  for (const layer of layers) expect(rows.get(layer)).toEqual(await store.rows(layer, 0, store.meta.tokens));
});

test('two layers learn in one pass; stopped at any step, they end with the same bytes', async () => {
  const [whole, stopped] = [await mkdtemp(join(root, 'whole')), await mkdtemp(join(root, 'stopped'))];
  await train(whole);
  expect(open.size).toBe(0);
  for (const at of [3, 11, 23]) await expect(train(stopped, at)).rejects.toThrow('killed');
  expect(open.size).toBe(0);
  expect((await readdir(stopped)).sort()).toEqual(['checkpoint-20', 'checkpoint.json']);
  await train(stopped);
  expect((await readdir(stopped)).sort()).toEqual(['L01', 'L04']);
  for (const layer of ['L01', 'L04'])
    for (const file of ['cfg.json', 'sae_weights.safetensors', 'log.json'])
      expect(await readFile(join(stopped, layer, file))).toEqual(await readFile(join(whole, layer, file)));
  const log = JSON.parse(await readFile(join(whole, 'L04', 'log.json'), 'utf8')) as { fvu: number[]; layer: number };
  expect(log.layer).toBe(4);
  expect(log.fvu.at(-1)).toBeLessThan(0.8 * log.fvu[0]!);
  const one = await mkdtemp(join(root, 'one'));
  await pick({ ...context, settings: { layer: 4 }, inputs: { all: whole }, out: one, progress() {} });
  expect((await loadSae(one)).wDec).toEqual((await loadSae(join(whole, 'L04'))).wDec);
});
