import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRelease } from '../pipelines/cli/release/find.ts';
import { startServer } from '../pipelines/cli/serve/server.ts';
import { buildSite } from '../pipelines/cli/site/build.ts';

/**
 * `npm run lighthouse [-- <release folder>...]`: scores of home, explorer, feature page and report of the newest demo run
 * (or of the releases named), served as `npm start` serves them. Lighthouse is no dependency: `LIGHTHOUSE` names the folder
 * it was installed in. Prints one JSON object for each page; exit code 1 where a score is below its limit. A loaded machine
 * lowers the performance score: `cpu_ms` (main-thread work, as slowed down for the phone) tells whether that is so.
 */
const LIMITS: Readonly<Record<string, number>> = { performance: 0.98, accessibility: 1, 'best-practices': 1, seo: 1 };
const { findChromium } = await import(new URL('./chromium.mjs', import.meta.url).href);
const RUNS = Number(process.env['RUNS'] ?? 3);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const installed = process.env['LIGHTHOUSE'] ?? join(tmpdir(), 'lighthouse');
const cli = join(installed, 'node_modules/lighthouse/cli/index.js');

interface Report {
  readonly categories: Readonly<
    Record<string, { readonly score: number; readonly auditRefs: readonly { id: string }[] }>
  >;
  readonly audits: Readonly<
    Record<string, { readonly score: number | null; readonly scoreDisplayMode: string; readonly numericValue?: number }>
  >;
}

const fail = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(2);
};

/** One run of one page on the phone that Lighthouse imitates. */
async function audit(url: string, chromium: string): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-lighthouse-'));
  const file = join(folder, 'report.json');
  const words = [cli, url, '--quiet', '--chrome-flags=--headless=new --no-sandbox', '--output=json'];
  const child = spawn(process.execPath, [...words, `--output-path=${file}`], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, CHROME_PATH: chromium },
  });
  await new Promise((done) => child.on('close', done));
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  rmSync(folder, { recursive: true, force: true });
  return report;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number;

/** Names of the audits that cost a category points. */
const costs = ({ audits, categories }: Report): string[] =>
  Object.keys(LIMITS).flatMap((name) =>
    (categories[name]?.auditRefs ?? []).flatMap(({ id }) => {
      const { score, scoreDisplayMode } = audits[id] ?? { score: null, scoreDisplayMode: '' };
      return score !== null && score < 0.9 && scoreDisplayMode !== 'informative' ? [id] : [];
    }),
  );

const named = process.argv.slice(2);
const wanted = named.length > 0 ? named : ['demo'];
const releases = await Promise.all(wanted.map((name) => findRelease(name, join(ROOT, '.parallax')))).catch((error) =>
  fail(`${error.message} - ${error.next}`),
);
if (!existsSync(cli)) fail(`${installed} has no lighthouse - npm install --prefix ${installed} lighthouse@12.8.2`);
const chromium: string = findChromium() ?? fail('there is no Chromium - set CHROME_PATH');
const { folder: site } = await buildSite(releases);
const serving = await startServer({ releases, site, port: 0 });
const release = encodeURI(releases[0]?.split('/').pop() ?? '');
const feature = readdirSync(join(site, 'r', decodeURI(release))).find((name) => /^L\d+F\d+$/.test(name)) ?? 'L0F0';
const pages = {
  home: '/',
  explorer: `/r/${release}/`,
  feature: `/r/${release}/${feature}/`,
  report: `/r/${release}/report/findings/`,
};
for (const [name, path] of Object.entries(pages)) {
  const reports: Report[] = [];
  for (let run = 0; run < RUNS; run += 1) reports.push(await audit(serving.url + path, chromium));
  const of = (id: string): number =>
    median(reports.map((r) => Math.round(1000 * (r.audits[id]?.numericValue ?? 0)) / 1000));
  const scores = Object.fromEntries(
    Object.keys(LIMITS).map((category) => [category, median(reports.map((r) => r.categories[category]?.score ?? 0))]),
  );
  const pass = Object.entries(LIMITS).every(([category, limit]) => (scores[category] as number) >= limit);
  if (!pass) process.exitCode = 1;
  const times = {
    fcp_ms: of('first-contentful-paint'),
    lcp_ms: of('largest-contentful-paint'),
    tbt_ms: of('total-blocking-time'),
  };
  const rest = {
    cls: of('cumulative-layout-shift'),
    cpu_ms: of('mainthread-work-breakdown'),
    bytes: of('total-byte-weight'),
  };
  const cost = [...new Set(reports.flatMap(costs))];
  process.stdout.write(`${JSON.stringify({ page: name, pass, runs: RUNS, ...scores, ...times, ...rest, cost })}\n`);
}
await serving.close();
