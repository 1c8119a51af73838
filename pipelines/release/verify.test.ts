import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReleaseReader } from './reader.ts';
import type { Feature } from './schema/feature.ts';
import { fsSource } from './source-fs.ts';
import { syntheticInput, writeSynthetic } from './synthetic.ts';
import { type Problem, verifyRelease } from './verify.ts';
import { type ReleaseInput, writeRelease } from './writer.ts';

const SIZES = { layers: 1, features: 70, width: 16, heads: 2, pictures: 2, seed: 9 };
let parent: string;
let id: string;

const problems = async (folder: string): Promise<Problem[]> => {
  const found: Problem[] = [];
  for await (const problem of verifyRelease(folder)) found.push(problem);
  return found;
};

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'verify-'));
  id = await writeSynthetic(parent, SIZES);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

test('a sound release has no problem', async () => {
  expect(await problems(join(parent, id))).toEqual([]);
});

test('one flipped bit of any file is found and the file named', async () => {
  const copy = join(parent, 'copy');
  await cp(join(parent, id), copy, { recursive: true });
  const { files } = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as {
    files: Record<string, { bytes: number }>;
  };
  for (const [path, { bytes }] of Object.entries(files)) {
    if (bytes === 0) continue;
    const whole = await readFile(join(copy, path));
    const damaged = Buffer.from(whole);
    damaged[Math.floor(bytes / 2)]! ^= 4;
    await writeFile(join(copy, path), damaged);
    expect(await problems(copy), path).toEqual([{ file: path, message: expect.stringContaining('sha256') }]);
    await writeFile(join(copy, path), whole);
  }
  await rm(copy, { recursive: true });
});

test('a changed manifest is no longer the release of its folder', async () => {
  const folder = join(parent, 'other', id);
  await cp(join(parent, id), folder, { recursive: true });
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8');
  await writeFile(join(folder, 'manifest.json'), manifest.replace('Synthetic release', 'Another release!!'));
  expect(await problems(folder)).toEqual([{ file: 'manifest.json', message: expect.stringContaining(id) }]);
});

test('missing, cut and foreign files are named', async () => {
  const folder = join(parent, 'files');
  await cp(join(parent, id), folder, { recursive: true });
  await rename(join(folder, 'heads.json'), join(folder, 'spare.json'));
  await writeFile(join(folder, 'map.bin'), new Uint8Array(3));
  expect((await problems(folder)).map((p) => p.file).sort()).toEqual(['heads.json', 'map.bin', 'spare.json']);
});

const written = async (change: (input: ReleaseInput) => ReleaseInput): Promise<Problem[]> => {
  const folder = await mkdtemp(join(parent, 'broken-'));
  return problems(join(folder, await writeRelease(folder, change(await syntheticInput(SIZES)))));
};
const withFeatures = (input: ReleaseInput, change: (f: Feature) => Feature): ReleaseInput => ({
  ...input,
  layers: input.layers.map((layer) => ({
    ...layer,
    features: (async function* () {
      for await (const f of layer.features) yield change(f);
    })(),
  })),
});

test('references that lead nowhere are named by record', async () => {
  const found = await written((input) =>
    withFeatures(input, (f) => (f.index === 3 ? { ...f, neighbours: [{ id: 'L9F9', cosine: 1 }], matches: [] } : f)),
  );
  expect(found).toEqual([{ file: 'L0F3', message: 'neighbours: L9F9 is not in the release' }]);
});

test('a picture that is not in the release is named', async () => {
  const found = await written((input) => ({ ...input, images: new Map([...input.images].slice(1)) }));
  expect(found.length).toBeGreaterThan(0);
  expect(found.every((p) => p.file.startsWith('examples of L0F') && p.message.includes('picture'))).toBe(true);
});

test('a related analysis that names a foreign head or feature is named', async () => {
  const found = await written((input) => {
    const related = structuredClone(input.related!);
    related.monosemanticity![0]!.top[0]!.id = 'L9F9';
    related.attention![1]!.head = 'H9.9';
    return { ...input, related };
  });
  expect(found).toEqual([
    { file: 'related.json', message: 'monosemanticity: L9F9 is not in the release' },
    { file: 'related.json', message: 'attention: H9.9 is not in heads.json' },
  ]);
});

const estimate = { value: 0.5, low: 0.4, high: 0.6, n: 9 };
const stepRow = (step: number, layer: number) => ({
  step,
  layers: [
    {
      ...{ layer, features: 2, spatial_effect: estimate, fvu: { S: estimate, F: estimate } },
      rotation: { mean: estimate, p10: 0.1, p50: 0.5, p90: 0.9 },
    },
  ],
  accuracy: estimate,
  attention: { mass: estimate, heads_50: 1, heads_80: 2, heads: 4 },
});

test('a release with the steps of training is whole; steps out of order and foreign layers are named', async () => {
  const folder = await mkdtemp(join(parent, 'steps-'));
  const steps = { steps: [stepRow(0, 0), stepRow(40, 0)] };
  const release = join(folder, await writeRelease(folder, { ...(await syntheticInput(SIZES)), steps }));
  expect(await problems(release)).toEqual([]);
  expect(await (await ReleaseReader.open(fsSource(release))).steps()).toEqual(steps);
  expect(await written((input) => ({ ...input, steps: { steps: [stepRow(40, 0), stepRow(0, 7)] } }))).toEqual([
    { file: 'steps.json', message: 'steps: 0 does not follow 40' },
    { file: 'steps.json', message: 'step 0: layer 7 is not in the release' },
  ]);
});

test('a release without related analyses is whole, and says null', async () => {
  const folder = await mkdtemp(join(parent, 'earlier-'));
  const { related: _, ...input } = await syntheticInput(SIZES);
  const release = join(folder, await writeRelease(folder, input));
  expect(await problems(release)).toEqual([]);
  expect(await (await ReleaseReader.open(fsSource(release))).related()).toBeNull();
});
