import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { f32, i64 } from '#graph/tensor.ts';
import { random } from '../../data/random.ts';
import { compassOf, placeHeads } from './align.ts';
import { readCheckpoint, readWeights, weightsFile, writeCheckpoint } from './checkpoint.ts';
import { textStep } from './graphs.ts';
import { initialWeights } from './init.ts';
import { logSpaced, oneCycle } from './schedule.ts';
import { type DecoderShape, decoderTable } from './shapes.ts';
import { openTrainer, startState } from './trainer.ts';

const shape: DecoderShape = {
  ...{ vocab: 11, d: 8, layers: 2, heads: 4, kvHeads: 2, dHead: 4, hidden: 12 },
  ...{ ropeTheta: 100, eps: 1e-6 },
};
const table = decoderTable(shape);
const graph = textStep(
  shape,
  { rows: 2, length: 6 },
  { table, rate: 1, decay: 0.1 },
  { betas: [0.9, 0.98], eps: 1e-8, clip: 1 },
);
const start = initialWeights(table, random(1, 'trainer.test'));
const ids = [1, 4, 7, 4, 7, 4, 1, 3, 9, 3, 9, 3];
const zeros = i64(new Array(12).fill(0), [2, 6]);
const batch = {
  ids: i64(ids, [2, 6]),
  positions: i64([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], [2, 6]),
  document: zeros,
  turn: zeros,
  at: i64([1, 2, 3, 4, 7, 8, 9, 10]),
  target: i64([7, 4, 7, 4, 9, 3, 9, 3]),
  weight: f32(new Float32Array(8).fill(1)),
};

describe('a training', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parallax-trainer-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('lowers the loss, and goes on from a checkpoint to the same bytes', async () => {
    const whole = await openTrainer(graph, startState(start));
    const losses: number[] = [];
    for (let t = 0; t < 60; t += 1) losses.push((await whole.step(batch, 0.01))['loss']!);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);

    const path = join(folder, 'a.safetensors');
    const first = await openTrainer(graph, startState(start));
    for (let t = 0; t < 25; t += 1) await first.step(batch, 0.01);
    await writeCheckpoint(path, 'key', table, first.state());
    const state = await readCheckpoint(path, 'key', table);
    expect(state?.step).toBe(25);
    const second = await openTrainer(graph, state!);
    for (let t = 25; t < 60; t += 1) await second.step(batch, 0.01);
    expect(second.state()).toEqual(whole.state());
    for (const trainer of [whole, first, second]) await trainer.close();
  });

  test('does not go on from another training, or from a damaged file', async () => {
    const path = join(folder, 'b.safetensors');
    await writeCheckpoint(path, 'key', table, startState(start));
    expect(await readCheckpoint(path, 'other', table)).toBeUndefined();
    expect(await readCheckpoint(join(folder, 'none'), 'key', table)).toBeUndefined();
    const bytes = await readFile(path);
    for (const at of [0, 20, bytes.length >> 1, bytes.length - 3]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      await writeFile(path, damaged);
      expect(await readCheckpoint(path, 'key', table)).toBeUndefined();
    }
    await writeFile(path, bytes.subarray(0, bytes.length - 9));
    expect(await readCheckpoint(path, 'key', table)).toBeUndefined();
  });
});

test('a weights file holds every parameter by its name and shape', () => {
  const file = weightsFile(table, start);
  expect(readWeights(file, table)).toEqual(start);
  expect(readWeights(file, { ...table, 'model.norm.weight': [9] })).toBeUndefined();
  expect(readWeights(file, { ...table, other: [1] })).toBeUndefined();
});

test('the rate rises to its peak and falls to nearly nothing, as PyTorch anneals it', () => {
  const cycle = { peak: 1, steps: 101, warmup: 0.1 };
  expect(oneCycle(cycle, 1)).toBeCloseTo(1 / 25, 12);
  // top at step 9.1: half way up at 4.55 steps
  expect(oneCycle({ ...cycle, warmup: 11 / 101 }, 6)).toBeCloseTo((1 + 1 / 25) / 2, 12);
  expect(oneCycle({ ...cycle, warmup: 11 / 101 }, 11)).toBeCloseTo(1, 12);
  expect(oneCycle({ ...cycle, warmup: 11 / 101 }, 56)).toBeCloseTo((1 + 1 / 250_000) / 2, 12);
  expect(oneCycle(cycle, 101)).toBeCloseTo(1 / 250_000, 12);
});

test('snapshots are spaced by a ratio, with the first and the last step', () => {
  const steps = logSpaced(2400, 10);
  expect(steps).toHaveLength(10);
  expect([steps[0], steps[1], steps.at(-1)]).toEqual([0, 24, 2400]);
  const ratios = steps.slice(2).map((step, i) => step / steps[i + 1]!);
  for (const ratio of ratios) expect(Math.abs(ratio / ratios[0]! - 1)).toBeLessThan(0.05);
  expect(logSpaced(2, 10)).toEqual([0, 1, 2]);
});

test('guided heads copy two directions of place that no word has', () => {
  const draws = random(2, 'compass');
  const compass = compassOf(start, shape, [[3], [4, 5], [6]], [[7], [8]], draws);
  const row = (x: Float32Array, n: number) => [...x.subarray(n * shape.d, (n + 1) * shape.d)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const [px, py] = [row(compass.place, 0), row(compass.place, 1)];
  expect(dot(px, px)).toBeCloseTo(1, 5);
  expect(dot(px, py)).toBeCloseTo(0, 5);
  for (let n = 0; n < 3; n += 1) {
    expect(dot(px, row(compass.words, n))).toBeCloseTo(0, 5);
    expect(dot(row(compass.words, n), row(compass.words, n))).toBeCloseTo(1, 5);
  }
  expect(dot(row(compass.sizes, 0), row(compass.sizes, 1))).toBeCloseTo(-1, 5);
  const placed = placeHeads(start, shape, compass);
  const values = placed['model.layers.1.self_attn.v_proj.weight']!;
  const outputs = placed['model.layers.1.self_attn.o_proj.weight']!;
  // a stream that points along a direction of place is read by 0.3 and written back along it by 0.9
  expect(dot(row(values, 0), px)).toBeCloseTo(0.3, 5);
  expect(dot(row(values, 1), px)).toBeCloseTo(0, 5);
  const column = (n: number) => Array.from({ length: shape.d }, (_, i) => outputs[i * shape.heads * shape.dHead + n]!);
  expect(dot(column(0), px)).toBeCloseTo(0.9, 5);
  expect(dot(column(shape.dHead + 1), py)).toBeCloseTo(0.9, 5);
  expect(Object.keys(placed)).toEqual(Object.keys(start));
});
