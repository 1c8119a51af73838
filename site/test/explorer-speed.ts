import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type CDPSession, chromium, type Page } from 'playwright-core';
import { writeSynthetic } from '#release/synthetic.ts';
import { astroBuild, buildFolder } from './astro-build.ts';
import { serveFolder } from './static-server.ts';

/**
 * `npm run explorer-speed [-- <release folder>]`: the explorer over 100,000 made-up features, or over a release, in Chromium.
 * One JSON object a line: milliseconds from the last column's arrival until all is drawn for the first time, and the CPU
 * time of the page's main thread for each frame while the handle of a filter moves.
 */
const { findChromium } = await import(new URL('../../test/chromium.mjs', import.meta.url).href);
const FRAMES = 60;
const RUNS = 5;
const HANDLES = ['Layer, least', 'cos(S, F), least', 'Vision preference, most'];

const say = (name: string, values: readonly number[], limit: number): void => {
  const sorted = [...values].sort((a, b) => a - b);
  const figure = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const spread = (sorted.at(-1) ?? Number.NaN) - (sorted[0] ?? Number.NaN);
  const row = { name, figure, unit: 'ms', limit, ratio: figure / limit, n: values.length, spread };
  process.stdout.write(`${JSON.stringify(row)}\n`);
};

/** From the last byte of a column until the explorer says that it is ready. */
const firstPaint = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const columns = performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/columns/'));
    const arrived = Math.max(...columns.map((entry) => (entry as PerformanceResourceTiming).responseEnd));
    return (performance.getEntriesByName('explorer-ready')[0]?.startTime ?? Number.NaN) - arrived;
  });

/** CPU milliseconds of the main thread since the page began. */
async function threadTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
}

/** Moves a handle over half of its way, a step a frame; CPU milliseconds a frame. */
async function drag(page: Page, session: CDPSession, label: string): Promise<number> {
  const handle = page.getByLabel(label, { exact: true });
  const before = await threadTime(session);
  await handle.evaluate(async (element, frames) => {
    const input = element as HTMLInputElement;
    const [low, high] = [Number(input.min), Number(input.max)];
    const [from, to] = input.ariaLabel?.endsWith('most') ? [high, low] : [low, high];
    for (let i = 1; i <= frames; i += 1) {
      input.value = String(from + ((to - from) * i) / (2 * frames));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((done) => requestAnimationFrame(done));
    }
  }, FRAMES);
  const spent = (await threadTime(session)) - before;
  await page.waitForTimeout(500);
  return spent / FRAMES;
}

const home = await buildFolder('speed-');
try {
  const named = process.argv[2];
  const made = { layers: 10, features: 10_000, width: 8, heads: 4, pictures: 4, lean: true, examples: false };
  const release = named ? resolve(named) : join(home, await writeSynthetic(home, made));
  const site = join(home, 'site');
  await astroBuild([release], site);
  const server = await serveFolder(site);
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  const first: number[] = [];
  const frames = new Map<string, number[]>(HANDLES.map((label) => [label, []]));
  for (let run = 0; run < RUNS; run += 1) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
    await session.send('Performance.enable');
    await page.goto(`${server.origin}/r/${basename(release)}/`);
    await page.waitForSelector('[data-explorer][data-ready]');
    first.push(await firstPaint(page));
    for (const [label, values] of frames) values.push(await drag(page, session, label));
    await page.close();
  }
  say('explorer, all drawn after its data', first, 1500);
  for (const [label, values] of frames) say(`explorer, CPU a frame while “${label}” moves`, values, 16);
  await browser.close();
  await server.close();
} finally {
  await rm(home, { recursive: true, force: true });
}
