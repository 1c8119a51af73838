import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { f32, type Tensor } from '#graph/tensor.ts';
import type { Decoder, RunOptions } from '#graph/types.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import { batchesByLength, harvestInto } from './harvest.ts';
import { openStore } from './store.ts';
import { createStore } from './writer.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'harvest-'));
});
afterAll(() => rm(root, { recursive: true }));

test('batches hold every sample once, like lengths together, and no more positions than allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }), (lengths) => {
      const batches = batchesByLength(lengths, 100);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      const sorted = batches.flat().map((i) => lengths[i]!);
      expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      for (const batch of batches)
        expect(batch.length * Math.max(...batch.map((i) => lengths[i]!))).toBeLessThanOrEqual(100);
    }),
  );
});

/** A decoder whose stream after block l at token t is `[10 l, id, position]`. */
function toy(): TracedModel {
  const run = async (inputs: { ids?: Tensor }, { taps = [] }: RunOptions) => {
    const { data, dims } = inputs.ids!;
    const [batch, positions] = dims as [number, number];
    return Object.fromEntries(
      taps.map((site) => {
        const layer = Number(site.split('.')[1]);
        const values = Array.from(data as Int32Array).flatMap((id, i) => [10 * layer, id, i % positions]);
        return [site, f32(Float32Array.from(values), [batch, positions, 3])];
      }),
    );
  };
  const inputs = (batch: readonly Encoded[]) => {
    const positions = Math.max(...batch.map((e) => e.ids.length));
    const ids = new Int32Array(batch.length * positions).fill(-1);
    for (const [row, e] of batch.entries()) ids.set(e.ids, row * positions);
    return { ids: { type: 'int32', dims: [batch.length, positions], data: ids } as Tensor };
  };
  return { decoder: { anatomy: { dModel: 3 }, run } as unknown as Decoder, inputs } as unknown as TracedModel;
}

test('BOS and padding are dropped, rows stand in the order of the samples, the table says what each is', async () => {
  const lengths = [4, 9, 2, 7, 1];
  const samples = lengths.map((length, s): Encoded => {
    const position = Array.from({ length }, (_, p) => p);
    const classes = Uint8Array.from(position, (p) => (p === 0 ? 2 : p < 3 && s % 2 === 1 ? 0 : 1));
    const ids = Int32Array.from(position, (p) => 100 * s + p);
    return { sample: { id: `s${s}`, prompt: '' }, ids, classes, afterImage: s % 2 === 1 ? 3 : 0 };
  });
  const writer = await createStore(root, { dModel: 3, layers: [0, 2], dtype: 'float32', shardRows: 5 });
  await harvestInto(writer, toy(), samples, [0, 2]);
  await writer.close();
  const store = await openStore([root]);
  const want = samples.flatMap((e, s) => [...e.ids].slice(1).map((id, i) => ({ s, id, p: i + 1 })));
  expect(store.meta).toMatchObject({ tokens: want.length, samples: ['s0', 's1', 's2', 's3', 's4'] });
  expect([...store.table.sample]).toEqual(want.map(({ s }) => s));
  expect([...store.table.id]).toEqual(want.map(({ id }) => id));
  expect([...store.table.class]).toEqual(want.map(({ s, p }) => (s % 2 === 1 && p < 3 ? 0 : 1)));
  expect([...store.table.afterImage]).toEqual(want.map(({ s, p }) => Number(s % 2 === 1 && p >= 3)));
  for (const layer of [0, 2])
    expect([...(await store.rows(layer, 0, want.length))]).toEqual(want.flatMap(({ id, p }) => [10 * layer, id, p]));
});
