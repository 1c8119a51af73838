import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../test/chromium.mjs';
import { buildTestSite, pagesOf, type TestSite } from './pages.ts';
import { serveFolder } from './static-server.ts';

const executablePath = findChromium();
const NAMES = [
  'home',
  'explorer',
  'feature',
  'heads',
  'head',
  'stages',
  'related',
  'related of before',
  'reports',
  'report',
  'methods',
  'reading',
  'running',
  'api',
  'reference',
  'about',
  'compare',
  'compared releases',
  'compared features',
];

/** Screens that every page is seen on: both widths, both schemes, with scripts; then without. */
const SCREENS: Record<string, BrowserContextOptions> = {
  'phone, light': { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'phone, dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  'desk, light': { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  'desk, dark': { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  'phone, no scripts': { viewport: { width: 390, height: 844 }, colorScheme: 'light', javaScriptEnabled: false },
  'desk, no scripts': { viewport: { width: 1280, height: 860 }, colorScheme: 'dark', javaScriptEnabled: false },
};

/** Each width and each scheme once. */
const SEEN_BY_AXE = ['phone, light', 'desk, dark'];

describe.skipIf(!executablePath)('pages in Chromium, from a bare file server', () => {
  let built: TestSite;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let browser: Browser;
  let axe: string;

  beforeAll(async () => {
    built = await buildTestSite();
    server = await serveFolder(built.site);
    browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await built?.remove();
  });

  /** What a page complained about: errors, blocked styles and scripts, requests to other hosts. */
  function listen(page: Page): string[] {
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== server.origin)
        complaints.push(`asks ${request.url()}`);
    });
    return complaints;
  }

  /** Axe runs through the debugger, so the page's policy stays as it is. */
  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    const found = await page.evaluate(() =>
      (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run(),
    );
    return found.violations.map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 140)}`);
  }

  describe.each(Object.entries(SCREENS))('%s', (screen, options) => {
    test.each(NAMES)('%s', async (name) => {
      const context = await browser.newContext({ ...options, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const complaints = listen(page);
      await page.goto(server.origin + pagesOf(built)[name]);
      const scripts = options.javaScriptEnabled !== false;
      if (scripts && name === 'explorer') await page.waitForSelector('[data-explorer][data-ready]');
      if (scripts && name.startsWith('compared')) await page.waitForSelector('[data-compare] table');
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('h1').isVisible()).toBe(true);
      expect((await page.locator('main').innerText()).length).toBeGreaterThan(30);
      if (scripts) {
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        if (SEEN_BY_AXE.includes(screen)) expect(await violations(page)).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await context.close();
    });
  });

  test('a feature without a page of its own is made in the browser, and arrows walk on', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/r/${built.id}/${built.other}/`);
    await page.waitForSelector(`[data-feature="${built.other}"]`);
    expect(await page.title()).toContain(built.other);
    expect(await page.locator('.cite-link code').first().textContent()).toBe(
      `${server.origin}/r/${built.id}/${built.other}`,
    );
    const next = await page.locator('a[rel=next]').getAttribute('href');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(`${server.origin}${next}`);
    await page.close();
  });

  test('an alias shows the newest release, a frame shows the feature alone, and what is missing is said', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/r/synthetic/${built.ready}`);
    await page.waitForSelector(`[data-feature="${built.ready}"][data-release="${built.id}"]`);
    await page.goto(`${server.origin}/embed/r/${built.id}/${built.ready}/`);
    await page.waitForSelector('[data-feature]');
    expect(await page.locator('.site-head').isVisible()).toBe(false);
    expect(await page.locator('#fires').isVisible()).toBe(true);
    await page.goto(`${server.origin}/r/${built.id}/L99F1/`);
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Not here');
    expect(await page.locator('#main').textContent()).toContain('has no feature L99F1');
    await page.close();
  });

  test('two releases stand beside each other, with links to the features on which they differ', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/compare/`);
    await page.locator('input[name=a]').fill(built.older);
    await page.locator('input[name=b]').fill('synthetic');
    await page.locator('.compare-form button').click();
    await page.waitForSelector('.compare');
    expect(new URL(page.url()).searchParams.get('a')).toBe(built.older);
    expect(await page.locator('.compare thead').textContent()).toContain(built.id.slice(-12));
    expect(await page.locator('.by-layer tbody tr').count()).toBe(4);
    await page.locator('.changes a').first().click();
    await page.waitForSelector('.compare thead a');
    expect(await page.title()).toMatch(/^L\d+F\d+ and L\d+F\d+/);
    await page.goto(`${server.origin}/compare/?a=${built.older}&b=${built.id}/${built.ready}`);
    await expect.poll(() => page.locator('[data-compare]').textContent()).toContain('name two of a kind');
    await page.close();
  });

  test('discs stand for colour without a script, and the cursor reads the value with one', async () => {
    const still = await browser.newContext({ javaScriptEnabled: false });
    const page = await still.newPage();
    await page.goto(server.origin + pagesOf(built)['feature']);
    const patch = page.locator('.heatmap rect[class^=h]').first();
    const round = () => patch.evaluate((rect) => getComputedStyle(rect).getPropertyValue('rx'));
    expect(await round()).toBe('auto');
    await page.locator('#heat-discs').check();
    expect(await round()).toBe('0.5px');
    await still.close();
    const live = await browser.newPage();
    await live.goto(server.origin + pagesOf(built)['feature']);
    const cell = live.locator('.heatmap rect[class^=h]').first();
    const value = await cell.locator('title').textContent();
    await cell.hover({ force: true });
    expect(await live.locator('.heatmap output').first().textContent()).toContain(`: ${value}`);
    await live.close();
  });

  test('a problem can be reported without a script, and the record is read where there is no API', async () => {
    const still = await browser.newContext({ javaScriptEnabled: false });
    const page = await still.newPage();
    await page.goto(server.origin + pagesOf(built)['feature']);
    const href = (await page.locator('a[data-problem]').getAttribute('href')) ?? '';
    const body = new URL(href).searchParams.get('body');
    expect(body).toContain(`/r/${built.id}/${built.ready}`);
    expect(body).toContain(await page.locator('.cite-link code').nth(1).textContent());
    await still.close();
    const live = await browser.newPage();
    await live.goto(server.origin + pagesOf(built)['feature']);
    await live.getByText('The record as JSON').click();
    const record = JSON.parse((await live.locator('pre[aria-label^="Record"]').textContent()) ?? '');
    expect(record).toMatchObject({ id: built.ready });
    await live.close();
  });

  test('everything on a feature page is reached by the keyboard, the skip link first', async () => {
    const page = await browser.newPage();
    await page.goto(server.origin + pagesOf(built)['feature']);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    const reachable = await page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLElement>('main a[href], main button, main input, main summary')].filter(
          (e) => e.tabIndex < 0,
        ).length,
    );
    expect(reachable).toBe(0);
    await page.close();
  });

  test('the choice of light or dark outlives the page', async () => {
    const context = await browser.newContext({ colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto(`${server.origin}/about/`);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.locator('[data-theme-toggle]').click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.goto(`${server.origin}/run/`);
    expect(await ground()).toBe(dark);
    await context.close();
  });
});
