import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '#pipelines/activations/index.ts';
import { random } from '#pipelines/data/random.ts';
import { sumTree } from '../../pipelines/cli/run/hash-files.ts';
import { silent } from '../../pipelines/cli/run/progress.ts';
import { runStages } from '../../pipelines/cli/run/run.ts';
import type { Json, Stage } from '../../pipelines/config/stage.ts';

const TRAIN = fileURLToPath(new URL('../fixtures-stages/train.ts', import.meta.url));
const BASE = fileURLToPath(new URL('../../fixtures/demo/base', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'parallax-shards-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const [SAMPLES, LAYER] = [16, 3];
/** A harvest of the demo's base model, cut into `count` stages. */
const shards = (count: number): Stage[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `harvest/${i}`,
    version: 1,
    settings: {
      ...{ dataset: 'demo-text', seed: 0, layers: [1, LAYER], dtype: 'float16', image: 'none', answer: false },
      ...{ from: (i * SAMPLES) / count, to: ((i + 1) * SAMPLES) / count },
    },
    inputs: {},
    files: { model: BASE },
    module: 'activations/harvest.stage.ts',
  }));

/** Runs harvest stages and gives their folders, in order. */
async function harvest(name: string, count: number, workers: number): Promise<string[]> {
  const stages = shards(count);
  const folders = await runStages(stages, { out: join(home, name), workers, device: 'cpu', progress: () => silent });
  return stages.map((stage) => folders.get(stage.name)!);
}

describe('a harvest of four shards', () => {
  let [one, two]: string[][] = [[], []];
  beforeAll(async () => {
    [one, two] = [await harvest('one', 4, 1), await harvest('two', 4, 2)];
  }, 120_000);

  test('has the same bytes from two workers as from one', async () => {
    for (const [i, folder] of one!.entries()) {
      const sums = await sumTree(folder);
      expect(Object.keys(sums)).toContain('meta.json');
      expect(await sumTree(two![i]!)).toEqual(sums);
    }
  });

  test('is, read as one store, the harvest of one shard: the same tokens, and rows as near as another batch allows', async () => {
    const [parts, whole] = [await openStore(two!), await openStore(await harvest('whole', 1, 1))];
    expect(parts.meta).toEqual(whole.meta);
    expect(parts.table).toEqual(whole.table);
    const { tokens } = whole.meta;
    const [a, b] = [await parts.rows(LAYER, 0, tokens), await whole.rows(LAYER, 0, tokens)];
    const most = b.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
    expect(a.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i]!)), 0)).toBeLessThan(1e-3 * most);
  });
});

/** Trains in a process of its own; kills it after some steps and milliseconds where `kill` says so. True where it ended by itself. */
async function train(out: string, settings: Json, kill?: { readonly steps: number; readonly ms: number }) {
  const store = (await harvest('one', 4, 1))[0]!;
  const child = fork(TRAIN, [store, out, JSON.stringify(settings)], { execArgv: ['--no-warnings'] });
  const ended = once(child, 'exit');
  let steps = 0;
  child.on('message', async () => {
    steps += 1;
    if (steps !== kill?.steps) return;
    await wait(kill.ms);
    child.kill('SIGKILL');
  });
  return (await ended)[0] === 0;
}

/** Another draw every time: equality must hold at every moment. */
const seed = Date.now() % 1_000_000;

describe(`training, killed at moments drawn by seed ${seed}`, () => {
  test.each(['topk', 'batchtopk', 'jumprelu', 'relu'])('%s ends with the same bytes', async (activation) => {
    const draw = random(seed, activation);
    const settings = {
      ...{ stage: 'S', layer: LAYER, tokens: 7680, batch: 128, features: 96, k: 4, activation, checkpointEvery: 3 },
      ...{ l1: activation === 'relu' ? 0.01 : 0, aux: { coefficient: 0.1, k: 16, deadAfter: 500 } },
    };
    const [whole, killed] = [mkdtempSync(join(home, 'whole-')), mkdtempSync(join(home, 'killed-'))];
    expect(await train(whole, settings)).toBe(true);
    const moment = () => ({ steps: draw.int(1, 20), ms: draw.int(0, 12) });
    expect(await train(killed, settings, moment())).toBe(false);
    for (let kill = 0; kill < 2; kill += 1) await train(killed, settings, moment());
    expect(await train(killed, settings)).toBe(true);
    for (const file of ['cfg.json', 'sae_weights.safetensors', 'log.json'])
      expect(readFileSync(join(killed, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
  });
});
