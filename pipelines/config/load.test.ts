import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig, merge, parseOverride } from './load.ts';
import { editDistance, nearest } from './nearest.ts';
import { dataName, publicData } from './paths.ts';
import { PRESETS } from './presets.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'parallax-config-'));
const write = (dir: string, value: unknown) => {
  const file = join(dir, 'config.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};

describe('loadConfig', () => {
  test.each(Object.keys(PRESETS))('preset %s, written and read again, is the same config', async (name) => {
    const config = await loadConfig(name);
    expect(await loadConfig(write(folder(), config))).toEqual(config);
    expect(config.pair.base).toBe('fixtures/demo/base');
    expect(await loadConfig(name, { full: true })).not.toEqual(config);
  });

  test.each([
    [
      'a misspelt key',
      { extends: 'demo', sae: { featurs: 2 } },
      /sae\.featurs is not a setting/,
      'did you mean sae.features?',
    ],
    [
      'a misspelt key deep down',
      { extends: 'demo', heads: { verify: { tpo: 1 } } },
      /heads\.verify\.tpo/,
      'did you mean heads.verify.top?',
    ],
    [
      'a misspelt key of a list',
      { extends: 'demo', release: { authors: [{ nam: 'A' }] } },
      /authors\.0/,
      /release\.authors\.0/,
    ],
    ['a key like no other', { extends: 'demo', zzzzzz: 1 }, /zzzzzz is not a setting/, /known here: pair, seed/],
    ['a value out of range', { extends: 'demo', sae: { k: 0 } }, /sae\.k: /, /change sae\.k/],
    ['an unknown preset to extend', { extends: 'dmo' }, /"dmo" is neither/, 'did you mean demo?'],
    ['no pair', { release: {} }, /pair: /, /change pair/],
    ['no JSON', '{', /is not JSON/, /mend/],
    ['no object', '[]', /no JSON object/, /object/],
  ])('%s is misuse, in one line with the next step', async (_, value, message, next) => {
    const error = await loadConfig(write(folder(), value)).catch((e: unknown) => e);
    expect(error).toMatchObject({
      misuse: true,
      message: expect.stringMatching(message),
      next: expect.stringMatching(next),
    });
  });

  test('an unknown preset and a missing file are misuse', async () => {
    await expect(loadConfig('demmo')).rejects.toMatchObject({ misuse: true, next: 'did you mean demo?' });
    await expect(loadConfig('quite-another')).rejects.toMatchObject({
      misuse: true,
      next: expect.stringContaining('presets: demo'),
    });
    await expect(loadConfig('./none.json')).rejects.toMatchObject({
      misuse: true,
      message: expect.stringContaining('./none.json'),
    });
  });

  test('a model and its checkpoints beside the config file are found from there', async () => {
    const dir = folder();
    for (const path of ['models/base', 'models/steps']) mkdirSync(join(dir, path), { recursive: true });
    const pair = { base: './models/base', steps: './models/steps' };
    const config = await loadConfig(write(dir, { extends: 'demo', pair }));
    expect(config.pair).toEqual({
      base: join(dir, 'models/base'),
      tuned: 'fixtures/demo/tuned',
      control: 'fixtures/demo/text-only',
      steps: join(dir, 'models/steps'),
    });
  });

  test('a file of samples beside the config file is found from there, and named without its place', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'corpus.txt'), 'words');
    const { data } = await loadConfig(write(dir, { extends: 'demo', data: { text: 'text-file:corpus.txt' } }));
    expect([data.text, data.multimodal]).toEqual([`text-file:${join(dir, 'corpus.txt')}`, 'scenes']);
    expect([dataName(data.text), publicData(data.text), publicData('scenes')]).toEqual([
      data.text,
      'text-file:corpus.txt',
      'scenes',
    ]);
  });

  test('overrides go before the preset, in order', async () => {
    const config = await loadConfig('demo', {
      overrides: [parseOverride('sae.k=8'), parseOverride('sae.k=4'), parseOverride('release.title=A b')],
    });
    expect([config.sae.k, config.release.title, config.sae.features]).toEqual([4, 'A b', 1024]);
    await expect(loadConfig('demo', { overrides: [parseOverride('sae.kk=8')] })).rejects.toMatchObject({
      next: 'did you mean sae.k?',
    });
  });
});

test('an override without a value is misuse', () => {
  expect(() => parseOverride('sae.k')).toThrow(expect.objectContaining({ misuse: true }));
});

test('no override reaches a prototype', () => {
  merge({}, JSON.parse('{"__proto__":{"polluted":1}}'));
  merge({ a: 1 }, parseOverride('__proto__.polluted=1'));
  expect({}).not.toHaveProperty('polluted');
});

test('any JSON object as a config gives a config or misuse', async () => {
  const dir = folder();
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (value) => {
      const outcome = await loadConfig(write(dir, value)).catch((e: unknown) => e);
      expect(outcome).toMatchObject({ misuse: true, message: expect.any(String), next: expect.any(String) });
    }),
    { numRuns: 100 },
  );
});

test('edit distances by hand', () => {
  expect([editDistance('kitten', 'sitting'), editDistance('', 'abc'), editDistance('a', 'a')]).toEqual([3, 3, 0]);
  expect(nearest('FEATURS', ['features', 'k'])).toBe('features');
  expect(nearest('xyz', ['features'])).toBeUndefined();
});
