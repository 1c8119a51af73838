import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { writeSynthetic } from '#release/synthetic.ts';
import { renderFeature } from '../site/src/render/feature.ts';
import { renderHead } from '../site/src/render/head.ts';
import { near } from '../site/src/render/near.ts';
import { type App, createApp } from './app.ts';

const HOST = 'https://atlas.test';
const SHELL = '<html><head><!--parallax:head--></head><body><!--parallax:main--></body></html>';
let parent: string;
let id: string;
let app: App;
let zipping: App;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'oembed-'));
  id = await writeSynthetic(parent, { layers: 1, features: 20, width: 8, heads: 2, pictures: 1, name: 'one' });
  const ready = new Response('<html><head><title>x</title></head></html>', {
    headers: { 'content-type': 'text/html', 'content-length': '41' },
  });
  const packed = new Response(gzipSync('<html><head></head></html>'), {
    headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' },
  });
  const deps = {
    releases: fsRegistry([parent]),
    origin: HOST,
    assets: async (request: Request) =>
      request.url.endsWith('/L0F2/') ? ready.clone() : request.url.endsWith('/L0F4/') ? packed.clone() : null,
    pages: { shell: async () => SHELL, renderFeature, renderHead, near },
  };
  app = createApp(deps);
  zipping = createApp({ ...deps, gzip: true });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

const asked = (url: string, more = '') => app.request(`/oembed?url=${encodeURIComponent(url)}${more}`);

describe('oEmbed', () => {
  test.each(['/r/RELEASE/L0F1', '/embed/r/RELEASE/L0F1/', '/r/one/L0F1'])('describes %s', async (path) => {
    const answer = await asked(HOST + path.replace('RELEASE', id), '&maxwidth=400&format=json');
    const said = (await answer.json()) as Record<string, string>;
    expect(said).toMatchObject({ version: '1.0', type: 'rich', width: 400, height: 640 });
    expect(said['html']).toContain(`<iframe src="${HOST}/embed/r/${id}/L0F1/" width="400"`);
    expect(said['title']).toMatch(/^L0F1: /);
  });

  test('describes a head', async () => {
    expect(await (await asked(`${HOST}/r/${id}/H0.1`)).json()).toMatchObject({ type: 'rich' });
  });

  test.each([
    ['', 404],
    ['https://elsewhere.test/r/one/L0F1', 404],
    [`${HOST}/r/one/L0F99`, 404],
    [`${HOST}/r/one`, 404],
    [`${HOST}/r/none/L0F1`, 404],
    [`${HOST}/r/%E0%A4%A/L0F1`, 404],
  ])('refuses %j', async (url, status) => {
    expect((await asked(url)).status).toBe(status);
  });

  test('makes no other form, and says so', async () => {
    expect((await asked(`${HOST}/r/one/L0F1`, '&format=xml')).status).toBe(501);
  });

  test.each(['L0F2', 'L0F3', 'H0.0'])('is discovered from the page of %s', async (record) => {
    const page = await app.request(`/r/${id}/${record}`, { headers: { accept: 'text/html' } });
    const text = await page.text();
    const href = /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(text)?.[1] ?? '';
    const found = await app.request(href.replaceAll('&#38;', '&').replace(HOST, ''));
    expect(found.status).toBe(200);
    const length = page.headers.get('content-length');
    if (length) expect(Number(length)).toBe(new TextEncoder().encode(text).byteLength);
  });

  test.each(['L0F3', 'H0.0', 'L0F4'])('leaves the page of %s whole where it is packed', async (record) => {
    const headers = { accept: 'text/html', 'accept-encoding': 'gzip' };
    const page = await zipping.request(`/r/${id}/${record}`, { headers });
    expect(page.headers.get('content-encoding')).toBe('gzip');
    const bytes = new Uint8Array(await page.arrayBuffer());
    expect(Number(page.headers.get('content-length') ?? bytes.length)).toBe(bytes.length);
    const text = gunzipSync(bytes).toString();
    expect(text).toContain('</html>');
    // what was found ready and packed is no text to be changed
    expect(text.includes('json+oembed')).toBe(record !== 'L0F4');
  });
});
