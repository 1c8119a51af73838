import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeSynthetic } from '#release/synthetic.ts';
import { staticFiles } from '../../pipelines/cli/serve/assets.ts';
import { portOf, type Serving, startServer } from '../../pipelines/cli/serve/server.ts';

const home = mkdtempSync(join(tmpdir(), 'parallax-serve-'));
const site = join(home, 'site');
let serving: Serving;
let id = '';

beforeAll(async () => {
  mkdirSync(join(site, 'about'), { recursive: true });
  for (const kind of ['feature', 'head']) {
    mkdirSync(join(site, 'r/_shell', kind), { recursive: true });
    writeFileSync(
      join(site, 'r/_shell', kind, 'index.html'),
      '<html><head><!--parallax:head--></head><body><!--parallax:main--></body></html>',
    );
  }
  writeFileSync(join(site, 'index.html'), '<!doctype html><title>home</title>');
  writeFileSync(join(site, 'about/index.html'), '<!doctype html><title>about</title>');
  writeFileSync(join(home, 'secret'), 'not to be served');
  id = await writeSynthetic(join(home, 'releases'), { layers: 1, features: 64, pictures: 2 });
  serving = await startServer({ releases: [join(home, 'releases', id)], site, port: 0 });
});
afterAll(() => serving.close());

describe('one address', () => {
  test('answers with pages, records and citations', async () => {
    const text = async (path: string) => (await fetch(serving.url + path)).text();
    expect(await text('/')).toContain('home');
    expect(await text('/about/')).toContain('about');
    expect(await text('/api/v1/releases')).toContain(id);
    expect(JSON.parse(await text(`/api/v1/r/${id}/features/L0F1`))).toMatchObject({ id: 'L0F1' });
    expect(await text(`/r/${id}/L0F1.bib`)).toMatch(/^@misc/);
    expect((await fetch(`${serving.url}/nothing`)).status).toBe(404);
  });

  test.each(['L0F1', 'H0.0'])('answers with the page of %s, which nobody has built, packed and not', async (record) => {
    for (const coding of ['gzip', 'identity']) {
      const page = await fetch(`${serving.url}/r/${id}/${record}/`, { headers: { 'accept-encoding': coding } });
      expect(page.headers.get('content-encoding')).toBe(coding === 'gzip' ? 'gzip' : null);
      const text = await page.text();
      expect(text).toMatch(/^<html>.*<h1.*<\/html>$/s);
      expect(text).toContain('json+oembed');
    }
  });
});

test('a text for a release whose model the site lacks is a problem that says so', async () => {
  const response = await fetch(`${serving.url}/api/v1/r/${id}/probe/text`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'the cat is left of the dog', layer: 0 }),
  });
  expect([response.status, await response.json()]).toEqual([
    404,
    expect.objectContaining({ field: 'release', detail: expect.stringContaining('without the model') }),
  ]);
});

test('a port in use is one line with the next step', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startServer({ releases: [], site, port })).rejects.toMatchObject({
    message: `port ${port} is taken by another program`,
    next: expect.stringContaining(`PORT=${port + 1}`),
  });
  other.close();
});

test('PORT is a number, or misuse', () => {
  expect([portOf(undefined), portOf(''), portOf('9000')]).toEqual([8787, 8787, 9000]);
  for (const text of ['x', '-1', '70000', '1.5'])
    expect(() => portOf(text)).toThrow(expect.objectContaining({ misuse: true }));
});

describe('static files', () => {
  const serve = staticFiles(site);
  const get = (path: string, init?: RequestInit) => serve(new Request(`http://localhost${path}`, init));

  test('a folder is its index, at an address with a slash', async () => {
    expect((await get('/about'))?.headers.get('location')).toBe('/about/');
    expect((await get('/about/'))?.headers.get('content-type')).toMatch(/^text\/html/);
  });

  test('nothing outside of the folder is given', async () => {
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/about/%00', '/%E0%A4%A', '//secret'])
      expect(await get(path)).toBeNull();
  });

  test('a file that is known is not sent again, and nothing is changed', async () => {
    const etag = (await get('/'))!.headers.get('etag')!;
    expect((await get('/', { headers: { 'if-none-match': etag } }))?.status).toBe(304);
    expect(await (await get('/', { method: 'HEAD' }))?.text()).toBe('');
    expect(await get('/', { method: 'POST' })).toBeNull();
  });
});
