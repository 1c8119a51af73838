import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { type App, createApp } from './app.ts';
import { openTwoVersions } from './testing.ts';

const { parent, ids, get, remove } = await openTwoVersions();
afterAll(remove);

interface Question {
  readonly id: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Reads of one file and of many: a record, its examples, a list over columns and labels, a search, a batch, the tables. */
const questions = (id: string, i: number): Question[] => [
  { id, path: `/api/v1/r/${id}/features/L0F${i}` },
  { id, path: `/api/v1/r/${id}/features?sort=-cos_s_f&limit=${1 + i}&fields=q,preference,cos_s_f` },
  { id, path: `/api/v1/r/${id}/search?words=${String.fromCharCode(97 + (i % 26))}*&limit=20` },
  { id, path: `/api/v1/r/${id}/batch`, body: { ids: [`L0F${i}`, `L0F${129 - i}`, 'L0F64'] } },
  { id, path: `/api/v1/r/${id}/stages?metric=cos_s_f&bins=${1 + i}` },
  { id, path: `/r/${id}/L0F${i}.bib` },
];

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
    const asked = Array.from({ length: 120 }, (_, i) => ids.flatMap((id) => questions(id, i))).flat();
    const put = async (to: App, { path, body }: Question) => {
      const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const response = await to.request(path, { ...post, headers: { 'content-type': 'application/json' } });
      return { status: response.status, text: await response.text() };
    };
    const both = createApp({ releases: fsRegistry([folder]) });
    const expected: string[] = [];
    for (const question of asked) expected.push((await put(both, question)).text);
    const fresh = createApp({ releases: fsRegistry([folder]) });
    const counts: Record<string, number> = {};
    for (let from = 0; from < asked.length; from += 48) {
      const part = asked.slice(from, from + 48);
      const going = from === 240 ? rm(join(folder, ids[0]!), { recursive: true }) : null;
      const answers = await Promise.all(part.map((question) => put(fresh, question)));
      await going;
      for (const [i, { status, text }] of answers.entries()) {
        const { id } = part[i]!;
        counts[`${ids.indexOf(id)} ${status}`] = (counts[`${ids.indexOf(id)} ${status}`] ?? 0) + 1;
        if (status === 200) expect(text).toBe(expected[from + i]);
        else expect([id, status === 404 || status === 502]).toEqual([ids[0], true]);
      }
    }
    expect(counts['0 200']).toBeGreaterThan(100);
    expect(counts['0 404']).toBeGreaterThan(100);
    expect(counts['1 200']).toBe(asked.length / 2);
    expect((await put(fresh, { id: '', path: '/api/v1/r/one/models' })).status).toBe(302);
    expect((await put(fresh, { id: '', path: '/api/v1/compare?id=L0F1' })).text).not.toContain(ids[0]);
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
