// What `npm test` runs, in order. Each step gives the names of what passed, failed and was skipped.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const named = (name, code) => (code === 0 ? { passed: [name] } : { failed: [name] });

/** Runs a program with its words shown as they come; gives its exit code and what it printed to standard output. */
function run(node, words, { root, env = {}, quiet = false }) {
  return new Promise((resolve) => {
    const child = spawn(node, words, {
      cwd: root,
      env: { ...process.env, ...OFFLINE, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
      if (!quiet) process.stdout.write(text);
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
    child.on('error', () => resolve({ code: 127, output }));
  });
}

/** Look-ups that hang or warn where there is no internet. */
const OFFLINE = {
  ASTRO_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/** Names of the tests of vitest's JSON report, by outcome. */
export function readReport(text) {
  const outcome = { passed: [], failed: [], skipped: [] };
  const key = { passed: 'passed', failed: 'failed' };
  const report = JSON.parse(text);
  for (const { name, status, assertionResults } of report.testResults) {
    if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed')) outcome.failed.push(name);
    for (const test of assertionResults) outcome[key[test.status] ?? 'skipped'].push(test.fullName);
  }
  if (!report.success && outcome.failed.length === 0) outcome.failed.push('errors outside of the tests');
  return outcome;
}

async function vitest({ node, root, chromium, filters }) {
  const file = join(root, '.parallax/test/vitest.json');
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  await run(node, [...words, ...reports, ...filters], { root, env: { CHROME_PATH: chromium } });
  return existsSync(file) ? readReport(readFileSync(file, 'utf8')) : { failed: ['vitest did not finish'] };
}

async function golden({ node, root }) {
  const own = join(root, 'fixtures/golden');
  const shared = join(root, '../shared/golden');
  const there = existsSync(shared);
  const skipped = there ? [] : ['golden cases: ../shared/golden is not here'];
  const words = ['--no-warnings', 'pipelines/cli/bin.mjs', 'check', '--json', own, ...(there ? [shared] : [])];
  const { output } = await run(node, words, { root, quiet: true });
  try {
    const { cases } = JSON.parse(output);
    const names = (pass) => cases.filter((c) => c.pass === pass).map((c) => `golden ${c.name} ${c.note ?? ''}`.trim());
    return { passed: names(true), failed: names(false), skipped };
  } catch {
    return { failed: ['golden cases: the check did not finish'], skipped };
  }
}

const tool =
  (name, words) =>
  async ({ node, root }) =>
    named(name, (await run(node, words, { root })).code);

/** Name -> step. With filters only vitest runs. */
export const STEPS = {
  'type check': tool('type check', ['node_modules/typescript/bin/tsc']),
  lint: tool('lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '--max-diagnostics=50']),
  tests: vitest,
  'golden cases': golden,
};
