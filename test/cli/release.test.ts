import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '#release/export/index.ts';
import { writeSynthetic } from '#release/synthetic.ts';
import { oneLine, parallax } from './words.ts';

const home = mkdtempSync(join(tmpdir(), 'parallax-release-'));
const parent = join(home, '.parallax/synthetic/releases');
let id = '';
let folder = '';

beforeAll(async () => {
  mkdirSync(parent, { recursive: true });
  id = await writeSynthetic(parent, { layers: 2, features: 64, pictures: 4 });
  folder = join(parent, id);
});

describe('parallax verify', () => {
  test('passes a sound release, found by folder, id, name or as the only one', () => {
    for (const words of [[folder], [id], ['synthetic'], []])
      expect(parallax(['verify', ...words], { cwd: home })).toMatchObject({
        code: 0,
        out: expect.stringContaining(folder),
      });
  });

  test('names the file of one flipped byte, and fails', () => {
    const copy = join(mkdtempSync(join(tmpdir(), 'parallax-flip-')), id);
    cpSync(folder, copy, { recursive: true });
    const file = join(copy, 'cards/1.bin');
    const bytes = readFileSync(file);
    bytes[40]! ^= 1;
    writeFileSync(file, bytes);
    const { code, out, err } = parallax(['verify', copy]);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^cards\/1\.bin: [^\n]+\n$/) });
    expect(err).toMatch(/^1 problem - /);
    expect(JSON.parse(parallax(['verify', copy, '--json']).out)).toMatchObject({ problems: [{ file: 'cards/1.bin' }] });
  });

  test('a release that is not there is one line with the next step', () => {
    expect(parallax(['verify', 'synthetik'], { cwd: home })).toMatchObject({
      code: 1,
      err: expect.stringMatching(oneLine(/synthetik/)),
    });
    expect(parallax(['verify'], { cwd: tmpdir() }).err).toMatch(oneLine(/there is no release yet/));
  });
});

describe('parallax show', () => {
  test('prints the card of a feature and of a head', () => {
    for (const words of ['L1F3', `/r/${id}/L1F3`, `http://localhost:8787/r/synthetic/L1F3?stage=F`, 'H1.3'])
      expect(parallax(['show', words], { cwd: home })).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining(id),
      });
    expect(JSON.parse(parallax(['show', 'L1F3', '--json'], { cwd: home }).out)).toMatchObject({ id: 'L1F3', layer: 1 });
  });

  test.each([
    ['a feature that the release has not', 'L9F3', 1],
    ['a head that the release has not', 'H9.3', 1],
    ['no id', 'L01F3', 2],
    ['a permalink to no card', '/r/synthetic', 2],
  ])('%s is one line with the next step', (_, words, code) => {
    expect(parallax(['show', words], { cwd: home })).toMatchObject({
      code,
      out: '',
      err: expect.stringMatching(oneLine(/./)),
    });
  });
});

describe('parallax export', () => {
  test.each(Object.keys(EXPORT_FORMATS))('writes %s', (format) => {
    const out = join(home, 'export', format);
    const { code, out: said } = parallax(['export', 'synthetic', '--format', format, '--out', out, '--json'], {
      cwd: home,
    });
    const { files } = JSON.parse(said) as { files: string[] };
    expect({ code, missing: files.filter((file) => !existsSync(join(out, file))) }).toEqual({ code: 0, missing: [] });
    expect(files.length).toBeGreaterThan(0);
  });

  test('an unknown format is misuse', () => {
    expect(parallax(['export', '--format', 'xml', '--out', home])).toMatchObject({
      code: 2,
      err: expect.stringContaining('csv, jsonl'),
    });
  });
});
