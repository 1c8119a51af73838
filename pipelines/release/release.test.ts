import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkRecord } from './check.ts';
import { columnValue } from './columns.ts';
import { ReleaseReader } from './reader.ts';
import { SCALARS } from './scalars.ts';
import type { Feature } from './schema/feature.ts';
import { memorySource, type Source } from './source.ts';
import { fsSource } from './source-fs.ts';
import { syntheticInput, writeSynthetic } from './synthetic.ts';

const SIZES = { layers: 2, features: 150, width: 24, heads: 3, pictures: 3, seed: 5 };
let parent: string;
let id: string;
let reader: ReleaseReader;
const planned: Feature[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'release-'));
  id = await writeSynthetic(parent, SIZES);
  reader = await ReleaseReader.open(fsSource(join(parent, id)), { id, check: checkRecord });
  for (const { features } of (await syntheticInput(SIZES)).layers) for await (const f of features) planned.push(f);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

test('every feature comes back as it was given, by id and in batches', async () => {
  const ids = planned.map(({ layer, index }) => ({ layer, index }));
  expect(await reader.featuresBatch(ids)).toEqual(planned);
  expect(await reader.feature(2, 0)).toBeNull();
  expect(await reader.feature(0, 150)).toBeNull();
});

test('examples come back, and are null where there are none', async () => {
  const input = await syntheticInput(SIZES);
  const given = new Map<string, unknown>();
  for (const layer of input.layers) for await (const e of layer.examples) given.set(e.id, e);
  for (const f of planned) expect(await reader.examples(f.layer, f.index)).toEqual(given.get(f.id) ?? null);
  expect(given.size).toBeLessThan(planned.length);
});

test('columns hold every scalar, with its range', async () => {
  const columns = await reader.columns();
  expect([...columns.keys()]).toEqual(SCALARS.map((s) => s.name));
  for (const scalar of SCALARS)
    for (const [ordinal, feature] of planned.entries()) {
      const value = scalar.of(feature);
      const kept = columnValue(columns.get(scalar.name)!, ordinal);
      expect(kept, `${scalar.name} of ${feature.id}`).toBe(
        value === null || scalar.type !== 'f32' ? value : Math.fround(value),
      );
    }
});

test('search finds exactly the features whose label has the words, the most telling first', async () => {
  const has = (f: Feature, word: RegExp) => word.test(f.label.text);
  const all = async (query: Parameters<ReleaseReader['search']>[0]) => {
    const found: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await reader.search(query, 7, cursor ?? undefined);
      found.push(...page.hits.map((h) => h.id));
      cursor = page.cursor;
      expect(page.total).toBeGreaterThanOrEqual(found.length);
    } while (cursor);
    return found;
  };
  const expected = (word: RegExp) => planned.filter((f) => has(f, word)).map((f) => f.id);
  expect((await all({ words: 'LEFT' })).sort()).toEqual(expected(/\bleft\b/).sort());
  expect((await all({ words: 'le*' })).sort()).toEqual(expected(/\ble/).sort());
  expect((await all({ words: 'left of' })).sort()).toEqual(
    planned
      .filter((f) => has(f, /\bleft\b/) && has(f, /\bof\b/))
      .map((f) => f.id)
      .sort(),
  );
  expect(await all({ words: 'nowhere' })).toEqual([]);
  expect((await all({ head: 'H1.2' })).sort()).toEqual(
    planned
      .filter((f) => f.heads.some((e) => e.head === 'H1.2'))
      .map((f) => f.id)
      .sort(),
  );
  const order = await reader.order();
  const spatial = [...order].map((o) => planned[o]!.flags.spatial);
  expect(spatial.lastIndexOf(true)).toBe(spatial.filter(Boolean).length - 1);
});

test('a cursor of another query is refused', async () => {
  const { cursor } = await reader.search({ words: 'of' }, 1);
  await expect(reader.search({ words: 'the' }, 1, cursor!)).rejects.toThrow('cursor');
});

test('the same input gives the same bytes and the same id, and an existing release stays', async () => {
  const other = await mkdtemp(join(tmpdir(), 'release-'));
  expect(await writeSynthetic(other, SIZES)).toBe(id);
  expect(await writeSynthetic(other, SIZES)).toBe(id);
  expect(await readdir(other)).toEqual([id]);
  for (const path of [...Object.keys(reader.manifest.files), 'manifest.json'])
    expect(await readFile(join(other, id, path)), path).toEqual(await readFile(join(parent, id, path)));
  await rm(other, { recursive: true });
});

test('a record out of order, or a layer that misses features, leaves nothing behind', async () => {
  const input = await syntheticInput(SIZES);
  const empty = await mkdtemp(join(tmpdir(), 'release-'));
  const { writeRelease } = await import('./writer.ts');
  const layers = [{ ...input.layers[0]!, features: planned.slice(1, 150) }];
  await expect(writeRelease(empty, { ...input, layers })).rejects.toThrow('L0F0 was expected');
  await expect(
    writeRelease(empty, { ...input, layers: [{ ...input.layers[0]!, features: planned.slice(0, 9) }] }),
  ).rejects.toThrow('9 features');
  expect(await readdir(empty)).toEqual([]);
  await rm(empty, { recursive: true });
});

test('any flipped bit of a shard is told, or leaves the record as it was', async () => {
  const source = fsSource(join(parent, id));
  for (let bit = 0; bit < 400; bit += 1) {
    const flipped: Source = {
      async read(path, range) {
        const bytes = (await source.read(path, range))?.slice() ?? null;
        if (bytes && path === 'cards/0.bin') bytes[(bit * 7919) % bytes.byteLength]! ^= 1 << (bit % 8);
        return bytes;
      },
    };
    const damaged = await ReleaseReader.open(flipped, { id });
    const got = await damaged.feature(0, bit % 64).catch((error: Error) => error);
    if (got instanceof Error) expect(got.name).toBe('ReleaseError');
    else expect(got).toEqual(planned[bit % 64]);
  }
});

test('a manifest of another id is refused', async () => {
  const bytes = await readFile(join(parent, id, 'manifest.json'));
  const source = memorySource(new Map([['manifest.json', new Uint8Array(bytes)]]));
  await expect(ReleaseReader.open(source, { id: 'synthetic@2026.1.0-000000000000' })).rejects.toThrow(id);
});

test('a lean release holds the same features for look-up and search, and nothing to download', async () => {
  const lean = await writeSynthetic(parent, { ...SIZES, lean: true });
  const small = await ReleaseReader.open(fsSource(join(parent, lean)), { id: lean, check: checkRecord });
  const ids = planned.map(({ layer, index }) => ({ layer, index }));
  expect(await small.featuresBatch(ids)).toEqual(planned);
  const found = async (from: ReleaseReader) => (await from.search({ words: 'le*' }, 50)).hits;
  expect(await found(small)).toEqual(await found(reader));
  expect(Object.keys(small.manifest.files).filter((path) => /^(features|dictionary|map)/.test(path))).toEqual([]);
});
