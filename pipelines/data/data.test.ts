import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATASET_NAMES, dataset, datasetInfo } from './index.ts';
import type { Sample } from './sample.ts';
import { holds, isClear } from './scene/relations.ts';
import { zoneOf } from './scene/zones.ts';

const VSR = new URL('../../../shared/data/vsr/random.dev.jsonl', import.meta.url).pathname;

async function take(name: string, from: number, to: number, seed = 3): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset(name, { seed, from, to })) out.push(sample);
  return out;
}
const share = (samples: readonly Sample[], is: (sample: Sample) => boolean) =>
  samples.filter(is).length / samples.length;

/** The answer that the scene itself gives to a question about a relation of direction or distance. */
function answerFromScene({ truth }: Sample): boolean {
  const find = (name: string | undefined) => truth!.scene!.objects.find((thing) => thing.name === name)!;
  const [a, b] = [find(truth!.subject), find(truth!.object)];
  expect(isClear(truth!.relation as 'near', a, b)).toBe(true);
  return holds(truth!.relation as 'near', a, b);
}

describe('scene sets', () => {
  it('depend on seed and index alone, so slices agree', async () => {
    const whole = await take('scenes', 0, 8);
    expect(await take('scenes', 5, 8)).toEqual(whole.slice(5));
    expect(await take('scenes', 0, 8, 4)).not.toEqual(whole);
  });

  it('say what their scenes show', async () => {
    for (const sample of await take('scenes/spatial', 0, 200))
      expect(answerFromScene(sample)).toBe(sample.truth!.holds);
    for (const { truth, answer } of await take('scenes', 0, 200))
      if (truth!.kind === 'place')
        expect(answer).toBe(zoneOf(truth!.scene!.objects.find((thing) => thing.name === truth!.subject)!));
  });

  it('share pictures between families, and words between pictures', async () => {
    const [spatial, matched, generic, word, mirror, swap] = await Promise.all(
      ['spatial', 'matched', 'generic', 'word', 'mirror', 'swap'].map((name) => take(`scenes/${name}`, 0, 60)),
    );
    spatial!.forEach((sample, i) => {
      expect(matched![i]!.image).toEqual(sample.image);
      expect(generic![i]!.image).toEqual(sample.image);
      expect(generic![i]!.prompt).not.toMatch(/left|right|above|over|below|under|near|close|far/);
      expect(word![i]).toEqual({ ...without(sample), id: `scenes/word/${i}` });
      for (const other of [mirror![i]!, swap![i]!]) {
        expect(other.prompt).toBe(sample.prompt);
        expect(other.answer).toBe(sample.truth!.opposite);
        expect(answerFromScene(other)).toBe(other.truth!.holds);
        expect(other.image).not.toEqual(sample.image);
      }
    });
  });

  it('keep the shares of families and answers', async () => {
    const mixed = await take('scenes', 0, 1500);
    for (const [family, expected] of [
      ['spatial', 0.35],
      ['nonspatial', 0.22],
      ['generic', 0.08],
      ['grounded', 0.35],
    ])
      expect(Math.abs(share(mixed, (s) => s.truth!.family === family) - Number(expected))).toBeLessThan(0.05);
    expect(Math.abs(share(mixed, (s) => s.truth!.scene!.objects.length === 2) - 0.6)).toBeLessThan(0.05);
    const judged = mixed.filter((s) => s.truth!.kind === 'relation');
    expect(Math.abs(share(judged, (s) => s.answer === 'yes') - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(share(judged, (s) => /left|right/.test(s.prompt)) - 0.44)).toBeLessThan(0.1);
  });
});

const without = ({ image: _, ...rest }: Sample) => rest;

describe('the pure part', () => {
  it('imports nothing that a browser lacks', async () => {
    const seen = new Set<string>();
    const outside = new Set<string>();
    const visit = async (url: URL): Promise<void> => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      const text = await readFile(url, 'utf8');
      for (const [, type, path] of text.matchAll(/^import (type )?[^']*'([^']+)'/gm))
        if (path!.startsWith('.')) await (type ? undefined : visit(new URL(path!, url)));
        else outside.add(path!.split('/')[0]!);
    };
    await visit(new URL('./sets/scenes.ts', import.meta.url));
    expect(seen.size).toBeGreaterThan(10);
    expect([...outside]).toEqual(['pure-rand']);
  });
});

describe('demo-text', () => {
  it('tells scenes and stories without repeats', async () => {
    const texts = await take('demo-text', 0, 400);
    expect(texts.every((sample) => sample.plain && !sample.image)).toBe(true);
    expect(share(texts, (sample) => sample.prompt.startsWith('There is '))).toBe(0.8);
    const stories = texts.filter((sample) => !sample.prompt.startsWith('There is '));
    expect(new Set(stories.map((sample) => sample.prompt)).size).toBe(stories.length);
  });
});

describe('sets from files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parallax-data-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads texts and rows, and ends where the file ends', async () => {
    const text = join(folder, 'a.txt');
    await writeFile(text, 'one\n\ntwo\n');
    expect((await take(`text-file:${text}`, 0, 9)).map((sample) => sample.prompt)).toEqual(['one', 'two']);
    const rows = join(folder, 'a.jsonl');
    await writeFile(rows, '{"prompt":"Is it left?","answer":"yes","family":"spatial"}\n');
    expect((await take(`jsonl:${rows}`, 0, 9))[0]!.truth).toEqual({
      family: 'spatial',
      kind: 'spatial',
      opposite: 'no',
    });
  });

  it('names file, row and field of a bad row', async () => {
    const rows = join(folder, 'bad.jsonl');
    await writeFile(rows, '{"prompt":"a"}\n{"promt":"b"}\n');
    await expect(take(`jsonl:${rows}`, 0, 9)).rejects.toThrow(/bad\.jsonl row 2, field "prompt"/);
    await writeFile(rows, '{"prompt":');
    await expect(take(`jsonl:${rows}`, 0, 9)).rejects.toThrow(/row 1 is not JSON/);
    await expect(take('text-file:/nowhere/x.txt', 0, 1)).rejects.toThrow(/cannot be read/);
  });

  it.skipIf(!existsSync(VSR))('reads Visual Spatial Reasoning in place', async () => {
    const samples = await take(`vsr:${VSR}`, 0, 5000);
    expect(samples.length).toBeGreaterThan(500);
    expect(samples.every((sample) => sample.truth!.opposite !== sample.answer)).toBe(true);
    expect(samples[0]!.truth).toMatchObject({ subject: 'bench', object: 'train', holds: false });
  });
});

describe('names', () => {
  it('lists the known ones when asked for another', async () => {
    await expect(take('scene', 0, 1)).rejects.toMatchObject({
      message: 'data set "scene" is unknown',
      next: expect.stringContaining(DATASET_NAMES.join(', ')),
    });
    expect(() => datasetInfo('jsonl')).toThrow(/needs a file/);
    expect(datasetInfo('scenes').pictures).toBe(true);
  });
});
