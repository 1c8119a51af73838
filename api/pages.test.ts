import { afterAll, expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { createApp } from './app.ts';
import { openTwoVersions } from './testing.ts';

const { parent, ids, get, remove } = await openTwoVersions();
afterAll(remove);

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
