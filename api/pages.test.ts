import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('a page that the site has comes at its permalink, with and without a slash, with no redirect', async () => {
  const asked: string[] = [];
  const assets = async (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return asked.at(-1)!.endsWith('/') ? new Response('page') : null;
  };
  const sited = createApp({ releases: fsRegistry([parent]), assets });
  for (const path of [
    `/r/${ids[0]}/L0F1`,
    `/r/${ids[0]}/L0F1/`,
    `/r/${ids[0]}/H0.1`,
    `/r/${ids[0]}`,
    `/r/${ids[0]}/report/demo`,
  ]) {
    const page = await sited.request(path, { headers: { accept: 'text/html' } });
    expect([page.status, await page.text()], path).toEqual([200, 'page']);
    expect(page.headers.get('link')).toContain('rel="cite-as"');
    expect(asked.at(-1)).toBe(`${path.replace(/\/$/, '')}/`);
  }
});

test('a person gets the page of what is missing, a program the problem', async () => {
  const assets = async (request: Request) =>
    new URL(request.url).pathname === '/404.html' ? new Response('<h1>no</h1>') : null;
  const sited = createApp({ releases: fsRegistry([parent]), assets });
  for (const path of ['/nowhere', `/r/${ids[0]}/L9F9`, '/r/none/L0F0']) {
    const page = await sited.request(path, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([page.status, await page.text()]).toEqual([404, '<h1>no</h1>']);
    expect((await sited.request(path)).headers.get('content-type')).toBe('application/problem+json');
  }
  const api = await sited.request('/api/v1/nothing', { headers: { accept: 'text/html' } });
  expect([api.status, api.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});

test('the forms of a permalink, by suffix and by Accept', async () => {
  const page = `/r/${ids[0]}/L0F1`;
  const forms = {
    json: 'application/json',
    bib: 'application/x-bibtex',
    'csl.json': 'application/vnd.citationstyles.csl+json',
    ris: 'application/x-research-info-systems',
    ttl: 'text/turtle',
    jsonld: 'application/ld+json',
  };
  const hash = (await get(`${page}.json`)).headers.get('etag')!.split(':')[1]!.replace('"', '');
  for (const [suffix, type] of Object.entries(forms)) {
    const response = await get(`${page}.${suffix}`);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('link')).toContain(`<${page}>; rel="cite-as"`);
    const text = await response.text();
    if (suffix !== 'json') expect(text).toContain(hash);
    const chosen = await get(page, { accept: type });
    expect([chosen.status, chosen.headers.get('location')]).toEqual([303, `${page}.${suffix}`]);
  }
  expect((await get(page, { accept: 'image/png' })).status).toBe(406);
  expect((await get(`/r/${ids[0]}/H9.9.json`)).status).toBe(404);
});
