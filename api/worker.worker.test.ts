import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import worker from './worker.ts';
import type { Env } from './worker-env.ts';

const bindings = env as unknown as Env & {
  RELEASES: { put(key: string, value: ArrayBuffer | Uint8Array): Promise<unknown>; delete(key: string): Promise<void> };
};
const ask = async (path: string, init?: RequestInit, on: Env = bindings): Promise<Response> =>
  worker.fetch(new Request(`https://atlas.test${path}`, { redirect: 'manual', ...init }), on);

let id: string;
beforeAll(async () => {
  const { releases } = (await (await ask('/api/v1/releases')).json()) as { releases: { id: string }[] };
  id = releases[0]!.id;
});

describe('over static assets, in workerd', () => {
  test('a feature comes byte for byte, with its hash as a strong tag, and 304 for who has it', async () => {
    const response = await ask(`/api/v1/r/${id}/features/L0F0`);
    expect(response.status).toBe(200);
    const bytes = await response.arrayBuffer();
    const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
      .map((b) => b.toString(16).padStart(2, '0'))
      .join('');
    const tag = response.headers.get('etag')!;
    expect(tag).toBe(`"${id}:${hash}"`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    const again = await ask(`/api/v1/r/${id}/features/L0F0`, { headers: { 'if-none-match': tag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('search, list and probe answer; the probe runs the SIMD kernel', async () => {
    const found = (await (await ask(`/api/v1/r/${id}/search?words=lef*`)).json()) as { total: number };
    expect(found.total).toBeGreaterThan(0);
    const listed = (await (await ask(`/api/v1/r/${id}/features?sort=-cos_s_f&limit=3`)).json()) as {
      rows: { values: { cos_s_f: number } }[];
    };
    const cosines = listed.rows.map((r) => r.values.cos_s_f);
    expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
    const body = JSON.stringify({ layer: 0, vectors: [Array.from({ length: 16 }, (_, i) => Math.sin(i))], top: 3 });
    const probed = await ask(`/api/v1/r/${id}/probe/vectors`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(probed.status).toBe(200);
    const { results } = (await probed.json()) as { results: { id: string; pre: number }[][] };
    expect(results[0]!.map((h) => h.pre)).toEqual(results[0]!.map((h) => h.pre).sort((a, b) => b - a));
  });

  test('a permalink gives its page from the shell, and its other forms', async () => {
    const page = await ask(`/r/${id}/L0F0`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('<title>L0F0');
    expect(html).not.toContain('parallax:main');
    expect(page.headers.get('link')).toContain('rel="cite-as"');
    expect(await (await ask(`/r/${id}/H0.0.bib`)).text()).toContain(id);
    const other = await ask(`/r/${id}/L0F0`, { headers: { accept: 'application/x-bibtex' } });
    expect([other.status, other.headers.get('location')]).toEqual([303, `/r/${id}/L0F0.bib`]);
    const alias = await ask('/r/golden/L0F0');
    expect([alias.status, alias.headers.get('location')]).toEqual([302, `/r/${id}/L0F0`]);
  });
});

test('a release in a bucket is served as one among the static files is', async () => {
  const manifest = (await (await ask(`/data/${id}/manifest.json`)).json()) as { files: Record<string, unknown> };
  for (const path of ['manifest.json', ...Object.keys(manifest.files)]) {
    const file = await bindings.ASSETS.fetch(new Request(`https://assets.test/data/${id}/${path}`));
    await bindings.RELEASES.put(`${id}/${path}`, await file.arrayBuffer());
  }
  const empty: Env = {
    ASSETS: { fetch: async () => new Response(null, { status: 404 }) },
    RELEASES: bindings.RELEASES as unknown as NonNullable<Env['RELEASES']>,
  };
  for (const path of [
    `/api/v1/r/${id}/features/L1F2`,
    `/api/v1/r/${id}/search?words=left`,
    `/api/v1/r/${id}/heads`,
    `/data/${id}/map.bin`,
  ])
    expect(await (await ask(path, {}, empty)).text(), path).toBe(await (await ask(path)).text());
  const part = await ask(`/data/${id}/map.bin`, { headers: { range: 'bytes=2-5' } }, empty);
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 4]);
});

/** The release among the static files under another title: its manifest, and so its id, is another one. */
async function second(): Promise<{ other: string; files: Map<string, Uint8Array> }> {
  const file = async (path: string) =>
    new Uint8Array(
      await (await bindings.ASSETS.fetch(new Request(`https://assets.test/data/${id}/${path}`))).arrayBuffer(),
    );
  const manifest = JSON.parse(new TextDecoder().decode(await file('manifest.json')));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...manifest, title: 'another' }));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = [...digest.subarray(0, 6)].map((b) => b.toString(16).padStart(2, '0')).join('');
  const files = new Map([['manifest.json', bytes]]);
  for (const path of Object.keys(manifest.files)) files.set(path, await file(path));
  return { other: `${manifest.name}@${manifest.version}-${hash}`, files };
}

test('a release that the site lists and leaves to the bucket is found there', async () => {
  const { other, files } = await second();
  for (const [path, bytes] of files) await bindings.RELEASES.put(`${other}/${path}`, bytes);
  const listed: Env = {
    ASSETS: {
      fetch: async ({ url }) =>
        url.endsWith('/data/releases.json') ? Response.json([{ id: other }]) : new Response(null, { status: 404 }),
    },
    RELEASES: bindings.RELEASES as unknown as NonNullable<Env['RELEASES']>,
  };
  const response = await ask(`/api/v1/r/${other}/features/L0F0`, {}, listed);
  expect([response.status, (await response.text()).slice(0, 12)]).toEqual([200, '{"id":"L0F0"']);
  for (const path of files.keys()) await bindings.RELEASES.delete(`${other}/${path}`);
});

test('one of two releases leaves the bucket while requests run: no answer mixes them', async () => {
  const { other, files } = await second();
  for (const [path, bytes] of files) await bindings.RELEASES.put(`${other}/${path}`, bytes);
  // An environment of its own: another app, which has not listed the bucket yet.
  const both: Env = {
    ASSETS: { fetch: (request) => bindings.ASSETS.fetch(request) },
    RELEASES: bindings.RELEASES as unknown as NonNullable<Env['RELEASES']>,
  };
  const paths = [
    ...Array.from({ length: 6 }, (_, i) => `features/L1F${i}`),
    'features?sort=-cos_s_f',
    'search?words=lef*',
    'heads',
    'stages?metric=cos_s_f',
    'columns',
  ];
  const expected = new Map<string, string>();
  for (const path of paths) expected.set(path, await (await ask(`/api/v1/r/${id}/${path}`)).text());
  const counts: Record<string, number> = {};
  const round = async () => {
    const asked = [id, other].flatMap((release) => paths.map((path) => ({ release, path })));
    const answers = asked.map(async ({ release, path }) => {
      const response = await ask(`/api/v1/r/${release}/${path}`, {}, both);
      return {
        release,
        path,
        status: response.status,
        etag: response.headers.get('etag'),
        text: await response.text(),
      };
    });
    for (const { release, path, status, etag, text } of await Promise.all(answers)) {
      const key = `${release === id ? 'stays' : 'goes'} ${status}`;
      counts[key] = (counts[key] ?? 0) + 1;
      if (status !== 200) expect([release, status === 404 || status === 502]).toEqual([other, true]);
      else {
        expect(text).toBe(expected.get(path)!.replaceAll(id, release));
        expect(etag).toContain(`"${release}:`);
      }
    }
  };
  await round();
  const leaving = (async () => {
    for (const path of files.keys()) await bindings.RELEASES.delete(`${other}/${path}`);
  })();
  for (let i = 0; i < 5; i += 1) await round();
  await leaving;
  await round();
  expect(counts['stays 200']).toBe(7 * paths.length);
  expect(counts['goes 200']).toBeGreaterThanOrEqual(paths.length);
});
