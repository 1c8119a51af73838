import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { createEncoder } from './encode.ts';
import { loadSae } from './formats/index.ts';
import { saveSae } from './save.ts';
import type { Sae } from './types.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sae-'));
});
afterAll(() => rm(root, { recursive: true }));

const [d, n] = [5, 9];
const draw = (length: number, ...seed: string[]) => {
  const source = random(...seed);
  return Float32Array.from({ length }, () => source.normal());
};
const positive = (length: number, seed: string) => draw(length, seed).map((v) => 0.1 + Math.abs(v));

const base = {
  d,
  n,
  applyBDec: true,
  wEnc: draw(d * n, 'e'),
  bEnc: draw(n, 'b'),
  wDec: draw(n * d, 'd'),
  bDec: draw(d, 'c'),
};
const CASES: Readonly<Record<string, Sae>> = {
  relu: { ...base, activation: 'relu', scale: 1 },
  topk: { ...base, activation: 'topk', k: 3, scale: 0.25 },
  jumprelu: { ...base, activation: 'jumprelu', threshold: positive(n, 't'), scale: 4, applyBDec: false },
  batchtopk: { ...base, activation: 'batchtopk', k: 2.5, threshold: Float32Array.of(0.7), scale: 0.5 },
  gated: {
    ...base,
    activation: 'gated',
    gate: { scale: positive(n, 's'), bias: draw(n, 'm') },
    scale: 1,
    norm: 'layer',
  },
};

test.each(Object.entries(CASES))(
  '%s: what is saved gives the same activations, with our loader and as SAELens reads it',
  async (name, sae) => {
    const dir = join(root, name);
    await saveSae(dir, sae, { hookName: 'blocks.1.hook_resid_post' });
    const back = await loadSae(dir);
    expect(back.scale).toBe(sae.scale);
    if (name === 'batchtopk') expect(back.threshold).toEqual(new Float32Array(n).fill(sae.threshold![0]!));
    else if (name !== 'gated') expect(back).toEqual(sae);
    const cfg = JSON.parse(await readFile(join(dir, 'cfg.json'), 'utf8')) as { metadata: object };
    const folded = { ...cfg, metadata: { ...cfg.metadata, parallax: undefined } };
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(dir, 'cfg.json'), JSON.stringify(folded));
    const plain = await loadSae(dir);
    expect(plain.scale).toBe(1);
    const x = draw(20 * d, 'x');
    const results = await Promise.all(
      [sae, back, plain].map(async (one) => {
        const encoder = await createEncoder(one);
        const f = await encoder.encode(x, 20);
        await encoder.close();
        return f;
      }),
    );
    expect(results[0]!.some((v) => v > 0)).toBe(true);
    for (const other of results.slice(1))
      for (const [i, v] of other.entries()) expect(v).toBeCloseTo(results[0]![i]!, 5);
  },
);

test('a dictionary that is not finite is not saved', async () => {
  const sae = { ...CASES['relu']!, bDec: new Float32Array(d).fill(Number.NaN) };
  await expect(saveSae(join(root, 'nan'), sae)).rejects.toThrow(/b_dec is not finite/);
});
