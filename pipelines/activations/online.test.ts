import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type OnlineBatch, type OnlineOptions, online, STREAM_START } from './online.ts';
import type { RowSource } from './source.ts';

/** Row `r` of group `g` is `[layer, 100 g + r]`, of class image where `r` is even. */
const source = (sizes: readonly number[]): RowSource => ({
  dModel: 2,
  layers: [0, 5],
  groups: sizes.length,
  async group(index) {
    const each = Array.from({ length: sizes[index]! }, (_, r) => r);
    const rows = (layer: number) => Float32Array.from(each.flatMap((r) => [layer, 100 * index + r]));
    return {
      classes: Uint8Array.from(each, (r) => r % 2),
      rows: new Map([
        [0, rows(0)],
        [5, rows(5)],
      ]),
    };
  },
});

async function take(sizes: readonly number[], options: OnlineOptions, count: number): Promise<OnlineBatch[]> {
  const out: OnlineBatch[] = [];
  for await (const batch of online(source(sizes), options)) {
    out.push(batch);
    if (out.length >= count) break;
  }
  return out;
}
const ids = (batches: readonly OnlineBatch[], layer = 0): number[] =>
  batches.flatMap(({ x }) => [...x.get(layer)!].filter((_, j) => j % 2 === 1));

test('an epoch visits every row once, whatever the buffer, and all layers hold the same tokens', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.integer({ min: 1, max: 60 }), async (groups, seed, buffer) => {
      const total = groups.reduce((a, b) => a + b, 0);
      const batches = await take(groups, { seed, batch: 1, buffer, mask: 'all' }, total);
      const want = groups.flatMap((size, g) => Array.from({ length: size }, (_, r) => 100 * g + r));
      expect(ids(batches).sort((a, b) => a - b)).toEqual(want);
      expect(ids(batches, 5)).toEqual(ids(batches));
      for (const { x } of batches) expect(x.get(5)![0]).toBe(5);
    }),
  );
});

test('a reader that begins where another stands gives the same batches', async () => {
  const options: OnlineOptions = { seed: 3, batch: 4, buffer: 10, mask: 'image' };
  const sizes = [7, 6, 9, 5];
  const all = await take(sizes, options, 20);
  for (const at of [0, 1, 6, 11, 17]) {
    const rest = await take(sizes, { ...options, from: all[at]!.next }, 19 - at);
    expect(ids(rest)).toEqual(ids(all.slice(at + 1)));
  }
  expect(ids(all).every((id) => (id % 100) % 2 === 0)).toBe(true);
  expect(ids(await take(sizes, { ...options, seed: 4 }, 20))).not.toEqual(ids(all));
  expect(ids(await take(sizes, { ...options, from: STREAM_START }, 20))).toEqual(ids(all));
});

test('a stream without a token of the class ends in a line', async () => {
  await expect(take([1, 1], { seed: 0, batch: 1, buffer: 2, mask: 'text' }, 1)).rejects.toThrow(
    /no token of class text/,
  );
});
