import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memorySource } from './source.ts';
import { fetchSource } from './source-fetch.ts';
import { fsSource } from './source-fs.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-'));
  await writeFile(join(folder, 'a.bin'), BYTES);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A host that honours ranges, and one that ignores them, as static hosts do. */
const host =
  (ranges: boolean) =>
  async (request: Request): Promise<Response> => {
    if (!request.url.endsWith('/rel@1/a.bin')) return new Response('no', { status: 404 });
    const match = /bytes=(\d+)-(\d+)/.exec(request.headers.get('range') ?? '');
    return ranges && match
      ? new Response(BYTES.slice(Number(match[1]), Number(match[2]) + 1), { status: 206 })
      : new Response(BYTES);
  };

test.each([
  ['folder', () => fsSource(folder)],
  ['memory', () => memorySource(new Map([['a.bin', BYTES]]))],
  ['host with ranges', () => fetchSource('https://x.test/rel@1', host(true))],
  ['host without ranges', () => fetchSource('https://x.test/rel@1/', host(false))],
] as const)('%s: whole, part, part past the end, missing', async (_name, make) => {
  const source = make();
  const plain = (bytes: Uint8Array | null) => bytes && [...bytes];
  expect(plain(await source.read('a.bin'))).toEqual([...BYTES]);
  expect(plain(await source.read('a.bin', { offset: 10, length: 3 }))).toEqual([10, 11, 12]);
  expect(plain(await source.read('a.bin', { offset: 98, length: 30 }))).toEqual([98, 99]);
  expect(await source.read('b.bin')).toBeNull();
});

test('a part of a host without ranges does not keep what came before it', async () => {
  const part = await fetchSource('https://x.test/rel@1', host(false)).read('a.bin', { offset: 10, length: 3 });
  expect(part?.buffer.byteLength).toBe(3);
});

test('a path cannot leave the folder', async () => {
  expect(await fsSource(join(folder, 'sub')).read('../a.bin')).toBeNull();
});

test('a body without end is read no further than the range', async () => {
  let sent = 0;
  const endless = async () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 1000;
          controller.enqueue(new Uint8Array(1000));
        },
      }),
    );
  expect((await fetchSource('https://x.test', endless).read('a', { offset: 0, length: 1500 }))?.byteLength).toBe(1500);
  expect(sent).toBeLessThan(10_000);
});

test('a host that fails is no missing file', async () => {
  await expect(fetchSource('https://x.test', async () => new Response('', { status: 503 })).read('a')).rejects.toThrow(
    '503',
  );
});
