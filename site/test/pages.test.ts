import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_HEAD_PAGES, MOST_PAGES } from '../src/build/notable.ts';
import { buildTestSite, fileOf, pagesOf, type TestSite } from './pages.ts';

/** Budgets in bytes on the wire, of the issue that asked for this site. */
const FEATURE_PAGE = 60_000;
const EXPLORER_SCRIPT = 60_000;

let built: TestSite;
beforeAll(async () => {
  built = await buildTestSite();
}, 240_000);
afterAll(() => built.remove());

const RULES = {
  extends: ['html-validate:recommended', 'html-validate:document'],
  rules: {
    // Astro writes `<meta>` and `<br/>` both; titles are as long as labels are.
    'void-style': 'off',
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
    'doctype-style': 'off',
    // The policy is the same for all pages and stands in a meta element; its files carry their own hash in their names.
    'require-sri': 'off',
    'no-inline-style': 'error',
  },
} as const;

describe('the built pages', () => {
  test('are valid HTML, without inline styles or scripts', async () => {
    const validator = new HtmlValidate(RULES as never);
    const wrong: string[] = [];
    for (const [name, path] of Object.entries(pagesOf(built))) {
      const text = await fileOf(built.site, path);
      const report = await validator.validateString(text, name);
      wrong.push(...report.results.flatMap((r) => r.messages.map((m) => `${name}: ${m.ruleId}: ${m.message}`)));
      if (/<script(?![^>]*\ssrc=)/.test(text)) wrong.push(`${name}: inline script`);
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('name no fragment that is not there', async () => {
    const missing: string[] = [];
    for (const [name, path] of Object.entries(pagesOf(built))) {
      const text = await fileOf(built.site, path);
      for (const [, where, id] of text.matchAll(/<a\b[^>]*\shref="(\/[^"#]*)?#([^"]+)"/g)) {
        const target = where ? await fileOf(built.site, where) : text;
        if (!target.includes(` id="${id}"`)) missing.push(`${name}: ${where ?? ''}#${id}`);
      }
    }
    expect(missing).toEqual([]);
  });

  /** Gzipped bytes of the files of one kind that a page asks for; fonts are packed already. */
  async function weight(path: string, kind: RegExp): Promise<number> {
    const text = await fileOf(built.site, path);
    const named = [...text.matchAll(/(?:src|href)="(\/(?:assets\/[^"]+|theme\.js))"/g)]
      .map((m) => m[1] as string)
      .filter((file) => kind.test(file));
    let total = 0;
    for (const file of new Set(named)) {
      const bytes = await readFile(join(built.site, file));
      total += gzipSync(bytes, { level: 9 }).byteLength;
      const more = [...bytes.toString().matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map((m) => m[1] as string);
      for (const other of file.endsWith('.js') ? more : [])
        total += gzipSync(await readFile(join(built.site, 'assets', other)), { level: 9 }).byteLength;
    }
    return total;
  }

  test('a feature page is light: markup, styles, scripts and the two fonts it is set in', async () => {
    const path = pagesOf(built)['feature'] as string;
    const fonts = (await readdir(join(built.site, 'assets'))).filter((name) =>
      /latin-400-(normal|600).*\.woff2$/.test(name),
    );
    expect(fonts).toHaveLength(2);
    const font = await Promise.all(
      fonts.map(async (name) => (await readFile(join(built.site, 'assets', name))).byteLength),
    );
    const markup = gzipSync(await fileOf(built.site, path), { level: 9 }).byteLength;
    const total = markup + (await weight(path, /\.(css|js)$/)) + font.reduce((a, b) => a + b, 0);
    expect(total).toBeLessThanOrEqual(FEATURE_PAGE);
  });

  test('the explorer’s script is light', async () => {
    expect(await weight(pagesOf(built)['explorer'] as string, /\.js$/)).toBeLessThanOrEqual(EXPLORER_SCRIPT);
  });

  test('a release of 100,000 features makes fewer than 5,000 files', async () => {
    const made = await readdir(built.site, { recursive: true, withFileTypes: true });
    const all = made.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const files = all.filter((file) => !file.includes(built.older));
    const data = join(built.site, 'data', built.id);
    const below = (folder: string): number => files.filter((file) => file.startsWith(join(data, folder, '/'))).length;
    // What grows with the features: packed records, and pages up to their most.
    const features = 4 * 96;
    const shards = (count: number): number => Math.ceil(count / 64);
    for (const kind of ['cards', 'examples']) expect(below(kind)).toBe(shards(features));
    expect(below('labels')).toBe(shards(shards(features)));
    const ready = (await readdir(join(built.site, 'r', built.id))).filter((name) => /^L\d+F\d+$/.test(name)).length;
    const fixed = files.length - 2 * shards(features) - shards(shards(features)) - ready;
    const many = 100_000;
    // Of a model with 32 layers, each three files more than here, and more heads than pages.
    const model = MOST_HEAD_PAGES + 3 * 32;
    expect(fixed + model + MOST_PAGES + 2 * shards(many) + shards(shards(many))).toBeLessThan(5000);
  });

  test('figures can be taken along, as drawing and as table', async () => {
    const folder = join(built.site, 'r', built.id, 'report/figures');
    const svg = await readFile(join(folder, 'rotation.svg'), 'utf8');
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).not.toContain('var(--');
    expect((await readFile(join(folder, 'rotation.csv'), 'utf8')).split('\r\n')[0]).toMatch(/^layer,series,/);
    const related = join(built.site, 'r', built.id, 'related');
    const page = await readFile(join(related, 'index.html'), 'utf8');
    const named = [...page.matchAll(/related\/figures\/([a-z0-9-]+)\.svg"/g)].map((m) => m[1] as string);
    expect(named).toHaveLength(10);
    for (const name of named) {
      expect(await readFile(join(related, 'figures', `${name}.svg`), 'utf8')).toMatch(/^<svg [^>]*aria-label="[^"]+"/);
      expect(await readFile(join(related, 'figures', `${name}.csv`), 'utf8')).toMatch(/,low,high,n\r\n/);
    }
  });
});
