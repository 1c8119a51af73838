import { expect, test } from 'vitest';
import { assetSource } from './worker-releases.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
/** Static files with one file of one release; they take no notice of ranges, and one path fails. */
const assets = {
  async fetch({ url }: Request): Promise<Response> {
    if (url === 'https://assets.invalid/data/a%402026.1.0-0123456789ab/cards/0.bin') return new Response(BYTES);
    return new Response('', { status: url.endsWith('broken.bin') ? 503 : 404 });
  },
};
const source = assetSource(assets, 'a@2026.1.0-0123456789ab');

test('a release among the static files: whole, part, part past the end, missing, failing', async () => {
  expect(await source.read('cards/0.bin')).toEqual(BYTES);
  expect(await source.read('cards/0.bin', { offset: 0, length: 100 })).toEqual(BYTES);
  expect([...(await source.read('cards/0.bin', { offset: 98, length: 30 }))!]).toEqual([98, 99]);
  expect(await source.read('cards/1.bin')).toBeNull();
  await expect(source.read('broken.bin')).rejects.toThrow('503');
});

test('a part does not keep the file', async () => {
  const part = (await source.read('cards/0.bin', { offset: 10, length: 3 }))!;
  expect([[...part], part.buffer.byteLength]).toEqual([[10, 11, 12], 3]);
});
