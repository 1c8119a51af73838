import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { writeSynthetic } from '#release/synthetic.ts';
import { GOLDEN } from '../test/releases.ts';
import { type App, createApp } from './app.ts';

let parent: string;
let ids: string[];
let app: App;
const SIZES = { layers: 1, features: 130, width: 8, heads: 2, pictures: 1, examples: false };

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'api-'));
  ids = [
    await writeSynthetic(parent, { ...SIZES, name: 'one', seed: 1 }),
    await writeSynthetic(parent, { ...SIZES, name: 'one', version: '2026.2.0', seed: 2 }),
  ];
  app = createApp({ releases: fsRegistry([parent, GOLDEN]), origin: 'https://atlas.test' });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });

describe('damage', () => {
  test('a corrupt shard gives 502 that names it, and the rest stays served', async () => {
    const folder = await mkdtemp(join(parent, 'damaged-'));
    await cp(join(parent, ids[0]!), join(folder, ids[0]!), { recursive: true });
    const file = join(folder, ids[0]!, 'cards/0.bin');
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(7, 12));
    const hurt = createApp({ releases: fsRegistry([folder]) });
    expect(await (await hurt.request(`/api/v1/r/${ids[0]}/features/L0F1`)).json()).toMatchObject({
      status: 502,
      field: 'cards/0.bin',
    });
    expect((await hurt.request(`/api/v1/r/${ids[0]}/features/L0F129`)).status).toBe(200);
    expect((await hurt.request(`/api/v1/r/${ids[0]}/heads`)).status).toBe(200);
  });

  test('one of two releases goes while requests run: every answer is whole and of one release', async () => {
    const folder = await mkdtemp(join(parent, 'going-'));
    for (const id of ids) await cp(join(parent, id), join(folder, id), { recursive: true });
    const both = createApp({ releases: fsRegistry([folder]) });
    const expected = new Map<string, string>();
    for (const id of ids)
      for (let i = 0; i < 130; i += 1)
        expected.set(`${id}/${i}`, await (await both.request(`/api/v1/r/${id}/features/L0F${i}`)).text());
    const fresh = createApp({ releases: fsRegistry([folder]) });
    const asked = ids.flatMap((id) => Array.from({ length: 130 }, (_, i) => ({ id, i })));
    const answers = asked.map(async ({ id, i }, n) => {
      if (n === 40) await rm(join(folder, ids[0]!), { recursive: true });
      const response = await fresh.request(`/api/v1/r/${id}/features/L0F${i}`);
      return { id, i, status: response.status, text: await response.text() };
    });
    for (const { id, i, status, text } of await Promise.all(answers)) {
      if (status === 200) expect(text).toBe(expected.get(`${id}/${i}`));
      else expect([id, status === 404 || status === 502]).toEqual([ids[0], true]);
    }
    expect((await fresh.request(`/api/v1/r/${ids[0]}/models`)).status).toBe(404);
    expect((await fresh.request(`/api/v1/r/${ids[1]}/models`)).status).toBe(200);
  });
});

test('files of a release: whole, in parts, and not beyond', async () => {
  const path = `/data/${ids[0]}/search/rank.bin`;
  const whole = new Uint8Array(await (await get(path)).arrayBuffer());
  expect(whole.byteLength).toBe(4 * 130);
  for (const [range, from, to] of [
    ['bytes=4-7', 4, 8],
    ['bytes=516-', 516, 520],
    ['bytes=-3', 517, 520],
    ['bytes=510-9999', 510, 520],
  ] as const) {
    const part = await get(path, { range });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/520`]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.slice(from, to));
  }
  expect((await get(path, { range: 'bytes=520-' })).status).toBe(416);
  expect((await get(path, { range: 'lines=1-2' })).status).toBe(200);
  for (const hostile of ['../../etc/passwd', '%2e%2e/manifest.json', '%', '__proto__', '%00'])
    expect((await get(`/data/${ids[0]}/${hostile}`)).status).toBe(404);
});
