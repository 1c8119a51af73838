import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createStore } from '#pipelines/activations/index.ts';
import { parseSafetensors, toNumbers } from '#release/safetensors.ts';
import { parallax } from './words.ts';

const home = mkdtempSync(join(tmpdir(), 'parallax-parts-'));
const [SAMPLES, TOKENS, D] = [40, 8, 6];
/** Value of a coordinate: exact in float16, different everywhere. */
const value = (sample: number, token: number, i: number) => ((sample * 31 + token * 7 + i * 13) % 64) / 8 - 4;

beforeAll(async () => {
  const writer = await createStore(join(home, 'store'), { dModel: D, layers: [1, 2], dtype: 'float16' });
  for (let s = 0; s < SAMPLES; s += 1) {
    const each = <T>(of: (t: number) => T) => Array.from({ length: TOKENS }, (_, t) => of(t));
    const row = (layer: number) =>
      Float32Array.from({ length: TOKENS * D }, (_, at) => layer * value(s, Math.floor(at / D), at % D));
    await writer.append(
      `sample/${s}`,
      {
        position: each((t) => t + 1),
        class: each((t) => Number(t > 2)),
        id: each((t) => t),
        afterImage: each((t) => Number(t > 2)),
      },
      new Map([
        [1, row(1)],
        [2, row(2)],
      ]),
    );
  }
  await writer.close();
});

describe('parallax activations export', () => {
  test('writes the streams and their token table as safetensors', () => {
    const out = join(home, 'x.safetensors');
    expect(parallax(['activations', 'export', join(home, 'store'), '--out', out, '--layer', '2'])).toMatchObject({
      code: 0,
    });
    const tensors = parseSafetensors(readFileSync(out));
    expect([...tensors.keys()]).toEqual(['sample', 'position', 'class', 'id', 'after_image', 'resid_post.2']);
    expect(tensors.get('resid_post.2')!.shape).toEqual([SAMPLES * TOKENS, D]);
    const x = toNumbers(tensors.get('resid_post.2')!, Float64Array);
    expect(x[(3 * TOKENS + 5) * D + 4]).toBe(2 * value(3, 5, 4));
    expect(toNumbers(tensors.get('sample')!, Float64Array)[3 * TOKENS + 5]).toBe(3);
    expect(toNumbers(tensors.get('class')!, Float64Array).slice(0, 4)).toEqual(Float64Array.of(0, 0, 0, 1));
  });

  test('a layer that was not harvested is misuse', () => {
    const { code, err } = parallax([
      'activations',
      'export',
      join(home, 'store'),
      '--out',
      join(home, 'y'),
      '--layer',
      '7',
    ]);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/layer 7 was not harvested - choose from 1, 2/),
    });
  });
});

describe('parallax sae', () => {
  const dictionary = join(home, 'sae');
  const sizes = ['--set', 'tokens=640', '--set', 'batch=32', '--set', 'features=16', '--set', 'k=2'];

  test('trains, evaluates, describes and converts a dictionary', () => {
    const store = join(home, 'store');
    expect(parallax(['sae', 'train', store, '--layer', '1', '--out', dictionary, ...sizes, '--quiet'])).toMatchObject({
      code: 0,
      err: '',
    });
    const measured = JSON.parse(parallax(['sae', 'eval', dictionary, store, '--layer', '1', '--json']).out);
    expect(Object.keys(measured)).toEqual(['all', 'image', 'text']);
    expect(measured.all.tokens).toBe(SAMPLES * TOKENS);
    expect(measured.all.l0).toBeLessThanOrEqual(2);
    expect(measured.all.fvu).toBeLessThan(1);
    expect(JSON.parse(parallax(['sae', 'card', dictionary, '--json']).out)).toMatchObject({
      format: 'saelens',
      features: 16,
      width: D,
      k: 2,
    });
    const card = parallax(['sae', 'card', dictionary, store, '--layer', '1']).out;
    for (const word of ['all: n 320 tokens of 40 samples', 'FVU', 'explained variance', 'L0', 'dead, dense', 'log10 f'])
      expect(card).toContain(word);
    const { quality } = JSON.parse(parallax(['sae', 'card', dictionary, store, '--layer', '1', '--json']).out);
    expect(quality.map((row: { token_class: string }) => row.token_class)).toEqual(['all', 'image', 'text']);
    expect(quality[0].fvu.low).toBeLessThan(quality[0].fvu.high);
    expect(quality[0].fvu.value).toBeCloseTo(measured.all.fvu, 5);
    expect(parallax(['sae', 'convert', dictionary, join(home, 'copy')])).toMatchObject({ code: 0 });
    const weights = (folder: string) => readFileSync(join(folder, 'sae_weights.safetensors'));
    expect(weights(join(home, 'copy')).equals(weights(dictionary))).toBe(true);
  });

  test.each([
    ['a misspelt setting', ['--set', 'toknes=4'], /toknes is not a setting - did you mean tokens/],
    ['a value that does not fit', ['--set', 'k=-1'], /sae train: k: /],
  ])('%s is misuse', (_, words, what) => {
    const { code, err } = parallax([
      'sae',
      'train',
      join(home, 'store'),
      '--layer',
      '1',
      '--out',
      join(home, 'none'),
      ...words,
    ]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(what) });
  });

  test('a folder that is no dictionary is one line', () => {
    expect(parallax(['sae', 'card', home])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no known format[^\n]* - [^\n]+\n$/),
    });
  });
});
