import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../test/chromium.mjs';
import { buildTestSite, type TestSite } from './pages.ts';
import { serveFolder } from './static-server.ts';

const executablePath = findChromium();

describe.skipIf(!executablePath)('the explorer in Chromium', () => {
  let built: TestSite;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let browser: Browser;

  beforeAll(async () => {
    built = await buildTestSite();
    server = await serveFolder(built.site);
    browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await built?.remove();
  });

  async function open(query = ''): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/r/${built.id}/${query}`);
    await page.waitForSelector('[data-explorer][data-ready]');
    return page;
  }
  const counted = async (page: Page): Promise<number> =>
    Number((await page.locator('[data-count]').textContent())?.match(/^[\d\s\u202f]+/)?.[0].replace(/\D/g, ''));
  const settled = (page: Page, count: number) => expect.poll(() => counted(page)).toBe(count);

  test('filters, counts and writes its state into the address, which opens the same view', async () => {
    const page = await open();
    expect(await counted(page)).toBe(384);
    await page.locator('input[name=spatial]').check();
    await expect.poll(() => page.url()).toContain('is=spatial');
    const spatial = await counted(page);
    expect(spatial).toBeGreaterThan(0);
    expect(spatial).toBeLessThan(384);
    await page.getByLabel('Layer, least').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain('in.layer=1~3');
    const kept = await counted(page);
    const again = await open(new URL(page.url()).search);
    expect(await counted(again)).toBe(kept);
    expect(await again.locator('input[name=spatial]').isChecked()).toBe(true);
    await again.locator('[data-reset]').click();
    await settled(again, 384);
    await expect.poll(() => new URL(again.url()).search).toBe('');
    await again.close();
    await page.close();
  });

  test('searches labels as they are typed', async () => {
    const page = await open();
    const label = (await page.locator('.label-cell').first().textContent()) ?? '';
    const word = label.split(' ').sort((a, b) => b.length - a.length)[0] as string;
    await page.locator('#search').fill(word.slice(0, -1));
    await expect.poll(() => counted(page)).toBeLessThan(384);
    expect(await counted(page)).toBeGreaterThan(0);
    await expect.poll(() => page.locator('.label-cell').allTextContents()).toContain(label);
    await page.close();
  });

  test('sorts by any column and goes on past fifty rows', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'cos(S, F)', exact: true }).click();
    await expect.poll(() => page.url()).toContain('sort=cos_s_f');
    await page.locator('[data-more]').click();
    await expect.poll(() => page.locator('[data-table] tbody tr').count()).toBe(100);
    const values = await page.locator('[data-table] tbody tr td:nth-child(4)').allTextContents();
    const numbers = values.map((text) => Number(text.replace('\u2212', '-')));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(await page.locator('[aria-sort=ascending]').count()).toBe(1);
    await page.close();
  });

  test('recomputes the selected set as thresholds move, beside the controls', async () => {
    const page = await open();
    const selected = () => page.locator('[data-rule-result]').textContent();
    const before = await selected();
    expect(await page.locator('[data-rule-jaccard]').textContent()).toBe('1.000');
    await page.getByLabel('Percentile of the cosine').focus();
    for (let i = 0; i < 10; i += 1) await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain('pct=35');
    expect(await selected()).not.toBe(before);
    expect(Number(await page.locator('[data-rule-jaccard]').textContent())).toBeLessThan(1);
    expect(await page.locator('[data-rule-control]').textContent()).toMatch(
      /text-only fine-tune: \d+.*another seed: \d+/,
    );
    await page.close();
  });

  test('hands out what it shows', async () => {
    const page = await open('?is=spatial');
    const kept = await counted(page);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.locator('[data-export=csv]').click()]);
    const text = await (await csv.createReadStream()).toArray();
    const lines = Buffer.concat(text).toString().trim().split('\r\n');
    expect(lines[0]).toMatch(/^id,label,class,cos_s_f/);
    expect(lines).toHaveLength(kept + 1);
    const [json] = await Promise.all([page.waitForEvent('download'), page.locator('[data-export=json]').click()]);
    const said = JSON.parse(Buffer.concat(await (await json.createReadStream()).toArray()).toString());
    expect(said).toMatchObject({ release: built.id, count: kept });
    await page.close();
  });

  test('a point of the scatter names its feature and opens it', async () => {
    const page = await open('?is=spatial');
    const canvas = page.locator('[data-scatter]');
    const box = (await canvas.boundingBox()) as { x: number; y: number; width: number; height: number };
    const hit = async (): Promise<boolean> => {
      for (let i = 1; i < 24; i += 1)
        for (let j = 1; j < 12; j += 1) {
          await page.mouse.move(box.x + (box.width * i) / 24, box.y + (box.height * j) / 12);
          if (await page.locator('[data-tip]').isVisible()) return true;
        }
      return false;
    };
    expect(await hit()).toBe(true);
    const id = ((await page.locator('[data-tip]').textContent()) ?? '').split(' ')[0];
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForURL(`${server.origin}/r/${built.id}/${id}/`);
    await page.close();
  });
});
