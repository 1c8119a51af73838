import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kit } from '#pipelines/publish/probe/scene.ts';
import { findChromium } from '../../test/chromium.mjs';
import { readState, type State } from '../src/scripts/probe/state.ts';
import { type Expected, pipelineSays } from './probe-pipeline.ts';
import { buildProbeSite, type ProbeSite } from './probe-site.ts';
import { serveFolder } from './static-server.ts';

const MODEL = { layers: [0, 1, 2, 3, 4, 5], heads: 8 };
const LAYER = 2;
const HEAD = { layer: 1, head: 0 };
const executablePath = findChromium();
/** WebGPU without a graphics card, where this Chromium brings SwiftShader. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--use-angle=swiftshader'];

/** The page's own state, as its address writes it. */
const stateOf = (page: Page): State => readState(new URL(page.url()).search, kit, MODEL);
const mode = (page: Page, name: string) =>
  page.waitForFunction((wanted) => document.body.dataset['probe'] === wanted, name, { timeout: 90_000 });
const odds = (page: Page, key: 'logOdds' | 'whole') =>
  page.locator('#answer-odds').evaluate((element, k) => Number((element as HTMLElement).dataset[k]), key);

async function load(page: Page): Promise<void> {
  await mode(page, 'waiting');
  await page.locator('#load').click();
  await mode(page, 'ready');
}

/** The answer to the state that the page shows now. */
async function settled(page: Page, change: () => Promise<unknown>): Promise<void> {
  const before = page.url();
  await change();
  await page.waitForURL((url) => url.href !== before);
  await mode(page, 'ready');
}

describe.skipIf(!executablePath)('the probe page in Chromium', () => {
  let built: ProbeSite;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let browser: Browser;
  let address: string;
  let page: Page;
  let expected: Expected;
  const requests = new Set<string>();
  const complaints: string[] = [];

  beforeAll(async () => {
    built = await buildProbeSite();
    server = await serveFolder(built.site);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    address = `${server.origin}/r/${built.id}/probe/`;
    page = await browser.newPage();
    page.on('request', (request) => requests.add(request.url()));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${address}?layer=${LAYER}`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await built?.remove();
  });

  test('says how much it would load before it loads anything of the model', async () => {
    await mode(page, 'waiting');
    expect(await page.locator('#load').textContent()).toMatch(/^Load the model \(\d+\.\d MB\)$/);
    expect(await page.locator('#probe-status').textContent()).toMatch(/WebAssembly|WebGPU/);
    expect([...requests].filter((url) => /\.(onnx|wasm)$/.test(url))).toEqual([]);
  });

  test('builds a scene by pointer, keys and menus', async () => {
    await page.locator('#scene-ground').selectOption('red');
    await page.locator('[data-name=cat].thing').focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'Shift+ArrowUp']) await page.keyboard.press(key);
    const box = (await page.locator('[data-name=dog].thing').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 20, box.y + box.height / 2 + 60, { steps: 4 });
    await page.mouse.up();
    await page.locator('#scene-new').selectOption('star');
    await page.locator('#scene-add').click();
    await expect.poll(() => page.url()).toContain('star');
    const { scene } = stateOf(page);
    expect(scene.background).toBe('red');
    expect(scene.objects.find(({ name }) => name === 'cat')).toMatchObject({ x: 34, y: 56 });
    expect(scene.objects.find(({ name }) => name === 'dog')!.y).toBeGreaterThan(60);
    expect(scene.objects.map(({ name }) => name)).toEqual(['cat', 'dog', 'star']);
  });

  test('answers as the pipeline does, and shows the feature that the pipeline finds', async () => {
    await load(page);
    const { scene, asked } = stateOf(page);
    const { subject, phrase, object } = asked as Exclude<State['asked'], string>;
    const question = kit.question(scene, subject, phrase, object);
    expected = await pipelineSays(built.release, scene, question as never, LAYER, HEAD);
    expect(await odds(page, 'logOdds')).toBeCloseTo(expected.logOdds, 3);
    expect(await page.locator('#answer-words').textContent()).toBe(
      expected.logOdds > 0 ? question.answer : question.opposite,
    );
    const first = page.locator('.pick').first();
    expect(await first.getAttribute('data-feature')).toBe(String(expected.top.index));
    expect(Number(await first.getAttribute('data-strength'))).toBeCloseTo(expected.top.value, 3);
    expect(await page.locator('.feature-list a').first().getAttribute('href')).toBe(
      `/r/${built.id}/L${LAYER}F${expected.top.index}/`,
    );
    expect(await page.locator('#scene-heat rect').count()).toBeGreaterThan(0);
  });

  test.each(['mean', 'zero'] as const)('changes as the pipeline does with a head off (%s)', async (how) => {
    const box = page.getByLabel(`Layer ${HEAD.layer}, head ${HEAD.head}`, { exact: true });
    await page.locator('#head-how').selectOption(how);
    if (await box.isChecked()) await settled(page, () => box.uncheck());
    else await mode(page, 'ready');
    await expect.poll(() => odds(page, 'logOdds'), { timeout: 30_000 }).toBeCloseTo(expected.off[how], 3);
    const change = (await odds(page, 'logOdds')) - (await odds(page, 'whole'));
    expect(change).toBeCloseTo(expected.off[how] - expected.logOdds, 3);
    expect(Math.abs(change)).toBeGreaterThan(0.01);
  });

  test('is the same again from its link', async () => {
    await expect.poll(() => page.url()).toContain('how=zero');
    const again = await browser.newPage();
    await again.goto(page.url());
    await load(again);
    expect(await odds(again, 'logOdds')).toBeCloseTo(expected.off.zero, 3);
    expect(stateOf(again)).toEqual(stateOf(page));
    await again.close();
  });

  test('gives the same numbers on WebGPU', async ({ skip }) => {
    const args = ['--no-sandbox', '--enable-features=Vulkan,WebGPU', '--enable-unsafe-swiftshader', ...SOFTWARE_GPU];
    const other = await chromium.launch({ executablePath: executablePath!, args });
    const gpu = await other.newPage();
    await gpu.goto(page.url());
    await mode(gpu, 'waiting');
    const offered = /graphics card/.test((await gpu.locator('#probe-status').textContent()) ?? '');
    if (offered) {
      await load(gpu);
      expect(await gpu.locator('#probe-status').textContent()).toMatch(/runs on the graphics card/);
      expect(await odds(gpu, 'logOdds')).toBeCloseTo(expected.off.zero, 3);
      expect(await odds(gpu, 'whole')).toBeCloseTo(expected.logOdds, 3);
    }
    await other.close();
    skip(!offered, 'this Chromium offers no WebGPU adapter');
  });

  test('asks in free words, which the scene does not settle', async () => {
    await page.locator('#ask-words').fill('What colour is the background?');
    await page.locator('#ask-words').press('Enter');
    await expect.poll(() => page.locator('#answer-question').textContent(), { timeout: 30_000 }).toMatch(/colour/);
    expect(await page.locator('#answer-truth').textContent()).toMatch(/^Nothing in the scene settles/);
    await expect.poll(() => page.url(), { timeout: 30_000 }).toContain('colour');
    // The same words as the menus': the scene can say what is true.
    await page.locator('#ask-words').fill('Is the cat left of the dog?');
    await settled(page, () => page.locator('#ask-words').press('Enter'));
    expect(await page.locator('#answer-truth').textContent()).toMatch(/^The scene says/);
  });

  test('has nothing that axe complains of, at 390 and 1280 pixels, light and dark', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const width of [390, 1280])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate(
          `${axe}; axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html))`,
        );
        expect(found).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
  });

  test('asks nobody but its own site, and breaks no policy', () => {
    expect([...requests].filter((url) => !url.startsWith(server.origin) && !url.startsWith('blob:'))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('says so where scripts do not run, and where the files of the model are not there', async () => {
    const bare = await browser.newPage({ javaScriptEnabled: false });
    await bare.goto(address);
    expect(await bare.locator('.absent').textContent()).toMatch(/needs JavaScript/);
    await bare.close();
    const other = await browser.newPage();
    await other.route('**/index.json', (route) => route.fulfill({ status: 404, body: '' }));
    await other.goto(address);
    await mode(other, 'absent');
    expect(await other.locator('#probe-status').textContent()).toMatch(/without the files of the model/);
    await other.close();
  });
});
