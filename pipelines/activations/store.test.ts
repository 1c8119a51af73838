import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsWhere } from './mask.ts';
import { shuffled, windows } from './shuffle.ts';
import { openStore } from './store.ts';
import { createStore } from './writer.ts';

const dModel = 3;
const layers = [0, 2];
let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'store-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Value of one element, exact in float16. */
const value = (layer: number, sample: number, position: number, i: number) =>
  layer * 64 + sample * 8 + position + i / 4;

async function write(name: string, samples: readonly number[], lengths: readonly number[], shardRows = 4) {
  const dir = join(root, name);
  const store = await createStore(dir, { dModel, layers, dtype: 'float16', shardRows });
  for (const sample of samples) {
    const length = lengths[sample]!;
    const positions = Array.from({ length }, (_, p) => p + 1);
    const rows = new Map(
      layers.map((layer) => [
        layer,
        Float32Array.from({ length: length * dModel }, (_, j) =>
          value(layer, sample, Math.floor(j / dModel) + 1, j % dModel),
        ),
      ]),
    );
    const tokens = {
      position: positions,
      class: positions.map((p) => p % 2),
      id: positions.map((p) => -p),
      afterImage: positions.map((p) => Number(p > 2)),
    };
    await store.append(`s${sample}`, tokens, rows);
  }
  await store.close();
  return dir;
}

const lengths = [5, 0, 3, 7, 1, 6];

test('rows and table come back, over shards and over folders', async () => {
  const store = await openStore([await write('a', [0, 1, 2], lengths), await write('b', [3, 4, 5], lengths)]);
  expect(store.meta).toMatchObject({ dModel, layers, tokens: 22, samples: ['s0', 's1', 's2', 's3', 's4', 's5'] });
  for (const layer of layers) {
    const all = await store.rows(layer, 0, 22);
    for (let row = 0; row < 22; row += 1) {
      const sample = store.table.sample[row]!;
      const position = store.table.position[row]!;
      expect(store.table.id[row]).toBe(-position);
      for (let i = 0; i < dModel; i += 1) expect(all[row * dModel + i]).toBe(value(layer, sample, position, i));
    }
    expect(await store.rows(layer, 7, 13)).toEqual(all.slice(7 * dModel, 13 * dModel));
  }
});

test('the rows do not depend on the size of shards', async () => {
  const [a, b] = await Promise.all([
    openStore([await write('c', [0, 2, 3], lengths, 1)]),
    openStore([await write('d', [0, 2, 3], lengths, 100)]),
  ]);
  expect(a.table).toEqual(b.table);
  expect(await a.rows(2, 0, 15)).toEqual(await b.rows(2, 0, 15));
});

describe('damage is named', () => {
  test.each(['L02.0001.bin', 'tokens.bin', 'meta.json'])('%s', async (file) => {
    const dir = await write(`broken-${file}`, [0, 3], lengths);
    const path = join(dir, file);
    const bytes = await readFile(path);
    bytes[3]! ^= 64;
    await writeFile(path, bytes);
    const read = async () => (await openStore([dir])).rows(2, 0, 12);
    await expect(read()).rejects.toThrow(/activation store/);
    await truncate(path, 1);
    await expect(read()).rejects.toThrow(/activation store/);
    await rm(path);
    await expect(read()).rejects.toThrow(/activation store/);
  });

  test('any bytes as meta.json end in one line', async () => {
    const dir = await write('fuzz', [0], lengths);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        await writeFile(join(dir, 'meta.json'), text);
        await expect(openStore([dir])).rejects.toThrow(/^activation store: [^\n]*$/);
      }),
      { numRuns: 50 },
    );
  });

  test('a value beyond float16 is refused, and nothing is half written', async () => {
    const store = await createStore(join(root, 'big'), { dModel: 1, layers: [0], dtype: 'float16' });
    const tokens = { position: [1], class: [1], id: [1], afterImage: [0] };
    await expect(store.append('s', tokens, new Map([[0, Float32Array.of(70000)]]))).rejects.toThrow(/not finite/);
    expect(await readdir(join(root, 'big'))).toEqual([]);
  });
});

test('an epoch visits every row once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.integer({ min: 1, max: 20 }), (count, seed, block) => {
      const seen = windows(count, seed, 0, block, 64).flatMap((w) => {
        const positions = w.blocks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
        return [...w.order()].map((i) => positions[i]!);
      });
      expect(seen.length).toBe(count);
      expect(new Set(seen).size).toBe(count);
    }),
  );
});

test('batches: full, masked, the same for the same seed, and resumable at any row', async () => {
  const store = await openStore([await write('e', [0, 2, 3, 5], lengths)]);
  const rows = rowsWhere(store, { mask: 'text', samples: [0, 3] });
  expect([...rows].every((r) => store.table.class[r] === 1 && store.table.sample[r]! < 3)).toBe(true);
  const take = async (seed: number, skip: number, count: number) => {
    const out: number[] = [];
    const reader = shuffled(store, { layer: 2, seed, batch: 3, rows, skip, buffer: 4, block: 2 });
    for await (const batch of reader) {
      for (const [i, row] of batch.rows.entries())
        expect(batch.x[i * dModel]).toBe((await store.rows(2, row, row + 1))[0]);
      out.push(...batch.rows);
      if (out.length >= count) return out;
    }
  };
  const all = (await take(7, 0, 30))!;
  expect(await take(7, 0, 30)).toEqual(all);
  expect(await take(8, 0, 30)).not.toEqual(all);
  for (const skip of [3, 9, 12, 21]) expect(await take(7, skip, 30 - skip)).toEqual(all.slice(skip));
});
