import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureExamples } from '#release/schema/index.ts';
import { type ExamplesSettings, run } from './examples.stage.ts';
import { ExampleFacts } from './facts.ts';
import { PLANTED_MODEL, writeSae, writeStream } from './testing/planted.ts';

const SLICE = { seed: 5, from: 10, to: 34 };
const SAMPLES = SLICE.to - SLICE.from;
const [LEFT, CAT, NEVER] = [0, 1, 2];

describe('the examples of a layer', () => {
  let root: string;
  const out = async (name: string) => mkdtemp(join(root, name));
  const stream = (name: string, data: string) => ({ name, dataset: data, seed: SLICE.seed, from: SLICE.from });
  const settings: ExamplesSettings = {
    layer: 2,
    seed: 0,
    streams: [stream('vision', 'scenes/spatial')],
    pairs: { spatial: stream('spatial', 'scenes/spatial'), matched: stream('matched', 'scenes/matched') },
    shown: { top: 2, bin: 1, pairs: 1 },
  };
  const inputs: Record<string, string> = {};
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parallax-label-'));
    for (const [role, name] of [
      ['vision/0', 'spatial'],
      ['spatial/0', 'spatial'],
      ['matched/0', 'matched'],
    ] as const) {
      inputs[role] = join(root, role.replace('/', '-'));
      await writeStream(inputs[role], `scenes/${name}`, SLICE);
    }
    inputs['sae'] = await out('sae');
    await writeSae(inputs['sae']);
  });
  afterAll(() => rm(root, { recursive: true }));

  async function make(change: Partial<ExamplesSettings> = {}) {
    const folder = await out('out');
    await run({
      settings: { ...settings, ...change } as never,
      inputs,
      files: { model: PLANTED_MODEL },
      out: folder,
      device: 'cpu',
      progress: () => {},
      log: () => {},
    });
    const lines = async (name: string) =>
      (await readFile(join(folder, name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    return {
      examples: (await lines('examples.jsonl')).map((line) => FeatureExamples.parse(line)),
      facts: (await lines('facts.jsonl')).map((line) => ExampleFacts.parse(line)),
      pictures: (await readdir(join(folder, 'images'))).sort(),
    };
  }

  it('show the word, the patches and nothing where these were planted', async () => {
    const { examples, facts, pictures } = await make();
    expect(examples.map(({ id }) => id)).toEqual(['L2F0', 'L2F1', 'L2F2']);
    const [left, cat, never] = examples as [FeatureExamples, FeatureExamples, FeatureExamples];
    for (const { sample, text, image, max } of left.examples) {
      const { tokens, prompt, alt, grid } = left.samples[sample]!;
      expect(tokens.join('')).toBe(`\nUSER: ${prompt}\nASSISTANT:`);
      expect(text.index.map((i) => tokens[i])).toContain(' left');
      expect(text.value).toContain(max);
      expect(image.index).toEqual([]);
      expect(alt).toMatch(/ground\.$/);
      expect(grid).toEqual({ rows: 7, columns: 7 });
    }
    expect(left.examples.map(({ interval }) => interval)).toEqual(['top', 'top', 'q50', 'q25', 'q0']);
    for (const { sample, image } of cat.examples) {
      expect(cat.samples[sample]!.alt).toMatch(/ cat /);
      expect(image.index.length).toBe(1);
    }
    expect(never.examples).toEqual([]);
    expect(facts[LEFT]).toMatchObject({ on_image: 0, peak_tokens: [{ name: ' left', share: 1 }], samples: SAMPLES });
    expect(facts[CAT]).toMatchObject({ on_image: 1, shows: [{ name: 'cat', share: 1 }] });
    expect(facts[NEVER]).toMatchObject({ fired: 0, hits: 0 });
    const named = new Set(examples.flatMap(({ samples }) => samples.map(({ image }) => `${image}.webp`)));
    expect(pictures).toEqual(expect.arrayContaining([...named].sort()));
    const [{ spatial, matched }] = left.pairs as [FeatureExamples['pairs'][number]];
    expect(left.samples[spatial.sample]!.image).toBe(left.samples[matched.sample]!.image);
    expect(left.samples[spatial.sample]!.prompt).not.toBe(left.samples[matched.sample]!.prompt);
    expect(spatial.max).toBeGreaterThan(0);
  });

  it('are the same bytes again', async () => {
    expect(await make()).toEqual(await make());
  });

  it('refuse a stream that is not the data set named', async () => {
    const wrong = { ...stream('vision', 'scenes/spatial'), from: 11 };
    await expect(make({ streams: [wrong] })).rejects.toThrow(/sample 0 of the store is scenes\/spatial\/10/);
  });
});
