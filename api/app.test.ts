import { gunzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { createApp } from './app.ts';
import { openTwoVersions } from './testing.ts';

const { parent, ids, app, get, remove } = await openTwoVersions();
afterAll(remove);
const json = async (path: string) => (await get(path)).json() as Promise<Record<string, unknown>>;

describe('caching', () => {
  test('immutable under an id, brief for what may change', async () => {
    expect((await get(`/api/v1/r/${ids[0]}/models`)).headers.get('cache-control')).toContain('immutable');
    expect((await get('/api/v1/releases')).headers.get('cache-control')).not.toContain('immutable');
    expect((await get('/api/v1/r/one/models')).headers.get('cache-control')).not.toContain('immutable');
  });

  test.each(['*', 'W/TAG', '"x", TAG'])('304 for If-None-Match %s', async (form) => {
    const path = `/api/v1/r/${ids[0]}/features/L0F1`;
    const tag = (await get(path)).headers.get('etag')!;
    const again = await get(path, { 'if-none-match': form.replace('TAG', tag) });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
  });

  test('HEAD is GET without the body', async () => {
    const path = `/api/v1/r/${ids[0]}/features/L0F1`;
    const [head, full] = [await app.request(path, { method: 'HEAD' }), await get(path)];
    expect(await head.text()).toBe('');
    for (const name of ['etag', 'content-length', 'content-type'])
      expect(head.headers.get(name)).toBe(full.headers.get(name));
  });
});

test('gzip has a strong tag of its own, and the bytes of the record inside', async () => {
  const zipping = createApp({ releases: fsRegistry([parent]), gzip: true });
  const path = `/api/v1/r/${ids[0]}/features/L0F1`;
  const [plain, zipped] = await Promise.all([
    zipping.request(path),
    zipping.request(path, { headers: { 'accept-encoding': 'br;q=1, gzip;q=0.5' } }),
  ]);
  expect([plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')]).toEqual([null, 'gzip']);
  expect(zipped.headers.get('etag')).toBe(plain.headers.get('etag')!.replace(/"$/, ':gzip"'));
  const packed = new Uint8Array(await zipped.arrayBuffer());
  expect(Number(zipped.headers.get('content-length'))).toBe(packed.byteLength);
  expect(gunzipSync(packed)).toEqual(new Uint8Array(await plain.arrayBuffer()));
  for (const refused of ['identity', 'gzip;q=0', 'br'])
    expect(
      (await zipping.request(path, { headers: { 'accept-encoding': refused } })).headers.get('content-encoding'),
    ).toBeNull();
});

test('an alias goes to the newest version, query and all; a probe keeps its method', async () => {
  const listed = await get('/api/v1/r/one/features?limit=2&sort=-cos_s_f');
  expect([listed.status, listed.headers.get('location')]).toEqual([
    302,
    `/api/v1/r/${ids[1]}/features?limit=2&sort=-cos_s_f`,
  ]);
  const other = await get('/r/one/heads/?sort=x');
  expect([other.status, other.headers.get('location')]).toEqual([302, `/r/${ids[1]}/heads/?sort=x`]);
  const probe = await app.request('/api/v1/r/one/probe/vectors', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"layer":0,"vectors":[[1]]}',
  });
  expect([probe.status, probe.headers.get('location')]).toEqual([307, `/api/v1/r/${ids[1]}/probe/vectors`]);
});

test('a list is walked page by page to its end, in order, filters kept', async () => {
  const seen: { id: string; values: Record<string, number> }[] = [];
  const first = `/api/v1/r/${ids[0]}/features?cos_s_f.max=0.9&sort=-cos_s_f&limit=17&fields=cos_s_f`;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await json(cursor ? `${first}&cursor=${cursor}` : first);
    seen.push(...(page['rows'] as typeof seen));
    expect(page['total']).toBeGreaterThanOrEqual(seen.length);
    cursor = page['cursor'] as string | null;
    if (cursor === null) expect(seen).toHaveLength(page['total'] as number);
  }
  const cosines = seen.map((r) => r.values['cos_s_f']!);
  expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
  expect(Math.max(...cosines)).toBeLessThanOrEqual(0.9);
  const lines = await (await get(first.replace('limit=17&', ''), { accept: 'application/x-ndjson' })).text();
  expect(
    lines
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l)),
  ).toEqual(seen);
});

test('a mark belongs to its list and its release', async () => {
  const { cursor } = await json(`/api/v1/r/${ids[0]}/features?limit=1`);
  for (const path of [
    `/api/v1/r/${ids[1]}/features?limit=1&cursor=${cursor}`,
    `/api/v1/r/${ids[0]}/features?limit=1&sort=index&cursor=${cursor}`,
  ])
    expect(await json(path)).toMatchObject({ status: 404, field: 'cursor' });
});

describe('problems name the field and what is allowed', () => {
  test.each([
    ['?nope=1', { status: 400, field: 'nope', allowed: expect.arrayContaining(['sort', 'cursor', 'cos_s_f.min']) }],
    ['?class=vision,dog', { status: 400, field: 'class', allowed: ['vision', 'language', 'cross', 'none'] }],
    ['?spatial=maybe', { status: 400, field: 'spatial', allowed: ['true', 'false'] }],
    ['?limit=0', { status: 400, field: 'limit' }],
    ['?limit=1&limit=2', { status: 400, field: 'limit' }],
    ['?cos_s_f.max=0x1', { status: 400, field: 'cos_s_f.max' }],
  ])('%s', async (query, expected) => {
    const response = await get(`/api/v1/r/${ids[0]}/features${query}`);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject(expected);
  });

  test('bodies: type, size, syntax, shape, width', async () => {
    const post = async (body: string, type = 'application/json') =>
      (
        await app.request(`/api/v1/r/${ids[0]}/probe/vectors`, {
          method: 'POST',
          headers: { 'content-type': type },
          body,
        })
      ).json();
    expect(await post('{}', 'text/plain')).toMatchObject({ status: 415, field: 'content-type' });
    expect(await post(`[${'0,'.repeat(3_000_000)}0]`)).toMatchObject({ status: 413, field: 'body' });
    expect(await post('{')).toMatchObject({ status: 400, field: 'body' });
    expect(await post('{"layer":0}')).toMatchObject({ status: 422, field: 'vectors' });
    expect(await post('{"layer":0,"vectors":[[1]],"x":1}')).toMatchObject({ status: 422, field: 'x' });
    for (const [vectors, field] of [
      ['[]', 'vectors'],
      ['[[1],[]]', 'vectors.1'],
      ['[[1],"1"]', 'vectors.1'],
      ['[[1,2],[3,"4"]]', 'vectors.1.1'],
      ['[[null]]', 'vectors.0.0'],
      ['[[-1e31]]', 'vectors.0.0'],
      ['[[1e999]]', 'vectors.0.0'],
      [`[[${'0,'.repeat(16_384)}0]]`, 'vectors.0'],
    ])
      expect(await post(`{"layer":0,"vectors":${vectors}}`), vectors).toMatchObject({ status: 422, field });
    expect(await post('{"layer":0,"vectors":[[1]]}')).toMatchObject({ status: 409, field: 'vectors.0' });
    expect(await post('{"layer":5,"vectors":[[1]]}')).toMatchObject({ status: 404, field: 'layer', allowed: ['0'] });
  });

  test('a text where no model runs is told so, its pixels are counted before', async () => {
    const post = (body: object) =>
      app.request(`/api/v1/r/${ids[0]}/probe/text`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const image = { width: 2, height: 1, data: 'AAAA' };
    expect(await (await post({ text: 'a', layer: 0, image })).json()).toMatchObject({
      status: 409,
      field: 'image.data',
    });
    expect(await (await post({ text: 'a', layer: 0 })).json()).toMatchObject({
      status: 404,
      detail: 'release: this server runs no model',
      next: expect.stringContaining('vectors'),
    });
    expect((await post({ text: '', layer: 0 })).status).toBe(422);
  });

  test('probes beyond the limit', async () => {
    const strict = createApp({ releases: fsRegistry([parent]), rateLimit: async () => false });
    const response = await strict.request(`/api/v1/r/${ids[0]}/probe/vectors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"layer":0,"vectors":[[1]]}',
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60']);
  });

  test('methods, with those that would do', async () => {
    const response = await app.request(`/api/v1/r/${ids[0]}/models`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('nothing reflects the Host header', async () => {
    for (const path of ['/api/v1/releases', `/r/${ids[0]}/L0F1.bib`, '/r/one/L0F1', `/r/${ids[0]}/L0F1.jsonld`]) {
      const response = await app.request(`http://evil.test${path}`, { headers: { host: 'evil.test' } });
      expect((await response.text()) + JSON.stringify([...response.headers])).not.toContain('evil');
    }
  });
});
