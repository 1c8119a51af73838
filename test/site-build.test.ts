import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Serving, startServer } from '../pipelines/cli/serve/server.ts';
import { buildSite } from '../pipelines/cli/site/build.ts';
import { checkSite } from '../pipelines/publish/limits.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const golden = join(ROOT, 'test/golden-release');
const releases = readdirSync(golden).map((id) => join(golden, id));
const home = join(ROOT, '.parallax/test');

let site = '';
let serving: Serving;
beforeAll(async () => {
  mkdirSync(home, { recursive: true });
  site = (await buildSite(releases, undefined, home)).folder;
  serving = await startServer({ releases, site, port: 0 });
}, 300_000);
afterAll(() => serving.close());

const pages = () => readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'));

/** Addresses on this site that a page names, without their fragments. */
function linksOf(path: string): string[] {
  const html = readFileSync(join(site, path), 'utf8');
  const here = new URL(path.replace(/index\.html$/, ''), 'http://site.invalid/');
  const named = [...html.matchAll(/<(?:a|link|img|script|source|iframe)\b[^>]*?\s(?:href|src)="([^"]+)"/g)].map(
    (m) => m[1]!,
  );
  return named
    .map((text) => new URL(text.replaceAll('&amp;', '&').replaceAll('&#38;', '&'), here))
    .filter((url) => url.origin === here.origin)
    .map((url) => url.pathname + url.search);
}

describe('the built site', () => {
  test('stands there the second time', async () => {
    expect(await buildSite(releases, undefined, home)).toEqual({ folder: site, built: false });
  });

  test('fits the limits of a static host', async () => {
    expect((await checkSite(site)).files).toBeGreaterThan(10);
  });

  test('names no address of its own that is not answered', async () => {
    const wanted = new Map<string, string>();
    for (const page of pages()) for (const link of linksOf(page)) if (!wanted.has(link)) wanted.set(link, page);
    const broken: string[] = [];
    for (const [link, page] of wanted) {
      const { status } = await fetch(serving.url + link, { redirect: 'follow' });
      if (status >= 400) broken.push(`${page} names ${link}: ${status}`);
    }
    expect(broken).toEqual([]);
    expect(wanted.size).toBeGreaterThan(10);
  });
});
