import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStore } from '#pipelines/activations/index.ts';
import { dataset } from '#pipelines/data/index.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import { openWords } from '#pipelines/models/words.ts';
import { f32Tensor, writeSafetensors } from '#release/safetensors.ts';
import { FeatureExamples } from '#release/schema/index.ts';
import { type ExamplesSettings, run } from './examples.stage.ts';
import { ExampleFacts } from './facts.ts';

const MODEL = fileURLToPath(new URL('../../fixtures/demo/tuned/', import.meta.url));
const PATCHES = 49;
const SAMPLES = 24;
/** The planted features: the word " left", patches of the cat's centre, nothing. */
const [LEFT, CAT, NEVER] = [0, 1, 2];

/** Activations of one sample, `[tokens, 3]`: the first PATCHES tokens are the picture's. */
async function writeStream(folder: string, name: string): Promise<void> {
  const words = await openWords(MODEL, { lists: true });
  const left = words.tokenize(' left')[0];
  const writer = await createStore(folder, { dModel: 3, layers: [2], dtype: 'float32' });
  for await (const sample of dataset(name, { seed: 5, from: 10, to: 10 + SAMPLES })) {
    const text = words.tokenize(`\nUSER: ${sample.prompt}\nASSISTANT:`);
    const rows = new Float32Array((PATCHES + text.length) * 3);
    const cat = sample.truth!.scene!.objects.find((thing) => thing.name === 'cat');
    if (cat) rows[3 * (7 * Math.floor(cat.y / 16) + Math.floor(cat.x / 16)) + CAT] = 2 + cat.x / 100;
    text.forEach((id, i) => {
      if (id === left) rows[3 * (PATCHES + i) + LEFT] = 1 + i / 10;
    });
    const all = [...new Array<number>(PATCHES).fill(3), ...text];
    const isText = (i: number) => i >= PATCHES;
    await writer.append(
      sample.id,
      {
        position: all.map((_, i) => i + 1),
        class: all.map((_, i) => (isText(i) ? TOKEN_CLASS.text : TOKEN_CLASS.image)),
        id: all,
        afterImage: all.map((_, i) => Number(isText(i))),
      },
      new Map([[2, rows]]),
    );
  }
  await writer.close();
}

async function writeSae(folder: string): Promise<void> {
  const eye = f32Tensor(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), [3, 3]);
  const zero = f32Tensor(new Float32Array(3), [3]);
  const weights = new Map([
    ['W_enc', eye],
    ['W_dec', eye],
    ['b_enc', zero],
    ['b_dec', zero],
  ]);
  await writeFile(join(folder, 'cfg.json'), JSON.stringify({ d_in: 3, d_sae: 3, architecture: 'standard' }));
  await writeFile(join(folder, 'sae_weights.safetensors'), writeSafetensors(weights));
}

describe('the examples of a layer', () => {
  let root: string;
  const out = async (name: string) => mkdtemp(join(root, name));
  const stream = (name: string, data: string) => ({ name, dataset: data, seed: 5, from: 10 });
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
      await writeStream(inputs[role], `scenes/${name}`);
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
      files: { model: MODEL },
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
