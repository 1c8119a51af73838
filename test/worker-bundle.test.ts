import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WRANGLER = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin/wrangler.js');
const QUIET = { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CLOUDFLARE_CF_FETCH_ENABLED: 'false' };

/** `wrangler deploy --dry-run` over a site of one file; bytes in gzip of what it would upload as code. */
function dryRun(words: readonly string[]): { code: number | null; said: string; bytes: number } {
  const home = mkdtempSync(join(tmpdir(), 'parallax-bundle-'));
  const site = mkdtempSync(join(tmpdir(), 'parallax-site-'));
  writeFileSync(join(site, 'index.html'), 'home');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [WRANGLER, 'deploy', ...words, '--dry-run', '--outdir', home, '--assets', site],
    { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...QUIET } },
  );
  const code = readdirSync(home).filter((name) => /\.(js|wasm)$/.test(name));
  const bytes = code.reduce((sum, name) => sum + gzipSync(readFileSync(join(home, name))).byteLength, 0);
  return { code: status, said: stdout + stderr, bytes };
}

// Sizes that a plan allows, and that the README promises.
test.each([
  ['site and API', ['--env', ''], 200_000],
  ['site and API, bound to the Worker of texts', ['--env', 'text'], 200_000],
  ['the Worker of texts', ['--config', 'pipelines/publish/probe/text/wrangler.toml'], 5_000_000],
])('%s: wrangler deploy --dry-run passes, and its code is small enough', (_, words, limit) => {
  const { code, said, bytes } = dryRun(words);
  expect(code, said).toBe(0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(limit);
});
