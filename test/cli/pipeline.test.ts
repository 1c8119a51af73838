import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { f32Tensor, writeSafetensors } from '#release/safetensors.ts';
import { StepsFile } from '#release/schema/index.ts';
import { verifyRelease } from '#release/verify.ts';
import { sumTree } from '../../pipelines/cli/run/hash-files.ts';
import { parallax } from './words.ts';

const BIN = fileURLToPath(new URL('../../pipelines/cli/bin.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'parallax-pipeline-'));
const config = join(home, 'config.json');

/** `PARALLAX_LONG=1`: the demo itself, killed ten times; some fifteen minutes on two quiet cores. */
const LONG = process.env['PARALLAX_LONG'] === '1';
const LIMIT = LONG ? 7_200_000 : 600_000;

/** A moment of training at which the projector gives the same whatever the picture. */
const blind = new Map([['multi_modal_projector.linear_2.weight', f32Tensor(new Float32Array(128 * 128), [128, 128])]]);

/** Every stage of the real pipeline, as small as it goes. */
const SMALL = {
  extends: 'demo',
  pair: { steps: 'steps' },
  layers: [1, 3],
  data: { textSamples: 40, multimodalSamples: 40 },
  sae: { features: 64, k: 4, batch: 256, tokens: { start: 8192, adapt: 2048 }, aux: { k: 16, deadAfter: 2000 } },
  diff: { bootstrap: 20 },
  spatial: { samples: 24, splits: 2 },
  heads: {
    samples: 6,
    features: 3,
    verify: { top: 2, random: 1, samples: 4 },
    ablate: { top: 2, randomDraws: 2, samples: 8, means: 8 },
    causal: { features: 2, doses: [0, 1], draws: 1, samples: 8 },
  },
  release: { examples: 2 },
};

interface Made {
  readonly release: string;
  readonly folder: string;
  readonly config: string;
}
const words = (out: string, workers: number) => [
  'run',
  config,
  '--out',
  join(home, out),
  '--workers',
  String(workers),
  '--json',
  '--quiet',
];
const run = (out: string, workers: number): Made => {
  const { code, out: said, err } = parallax(words(out, workers));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(said) as Made;
};

let first: Made;
/** Of the undisturbed run, in ms. */
let duration = 0;
/** Moments of the kills, as shares of it: drawn once, by hand. */
const KILLS = LONG ? [0.03, 0.11, 0.29, 0.07, 0.17, 0.23, 0.05, 0.13, 0.19, 0.31] : [0.15, 0.4, 0.55, 0.8];
beforeAll(() => {
  mkdirSync(join(home, 'steps/0030'), { recursive: true });
  writeFileSync(join(home, 'steps/0030/model.safetensors'), writeSafetensors(blind));
  writeFileSync(config, JSON.stringify(LONG ? { extends: 'demo' } : SMALL));
  const began = performance.now();
  first = run('first', 2);
  duration = performance.now() - began;
}, LIMIT);

describe('the whole pipeline, small', { timeout: LIMIT }, () => {
  test('gives a release that verifies', async () => {
    const problems = [];
    for await (const problem of verifyRelease(first.folder)) problems.push(problem);
    expect(problems).toEqual([]);
  });

  test.skipIf(LONG)('says what the pair was at a checkpoint of its training', () => {
    const { steps } = StepsFile.parse(JSON.parse(readFileSync(join(first.folder, 'steps.json'), 'utf8')));
    expect(steps.map(({ step }) => step)).toEqual([30]);
    expect(steps[0]!.layers.map(({ layer }) => layer)).toEqual([1, 3]);
    expect(steps[0]!.accuracy.n).toBeGreaterThan(0);
  });

  test('knows its own config, which is the same run again', () => {
    const again = parallax(['run', first.config, '--out', join(home, 'first'), '--json', '--quiet']);
    expect(JSON.parse(again.out)).toEqual(first);
    // The checkpoints lie outside the package, and are named as they were given.
    expect(readFileSync(first.config, 'utf8').replace(join(home, 'steps'), '')).not.toContain(home);
    expect(readFileSync(join(first.folder, 'manifest.json'), 'utf8')).not.toContain(home);
  });

  test('gives the same bytes with one worker, killed at several moments', async () => {
    for (const share of KILLS) {
      const child = spawn(process.execPath, ['--no-warnings', BIN, ...words('second', 1)], { stdio: 'ignore' });
      const ended = once(child, 'close');
      await Promise.race([wait(share * duration), ended]);
      child.kill('SIGKILL');
      await ended;
    }
    const second = run('second', 1);
    expect(second.release).toBe(first.release);
    expect(await sumTree(second.folder)).toEqual(await sumTree(first.folder));
  });
});
