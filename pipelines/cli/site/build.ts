import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import { buildProbes } from '../../publish/probe/build/index.ts';
import { siteKey } from './key.ts';

/** Where the pages are, and whether they had to be built. */
export interface Site {
  readonly folder: string;
  readonly built: boolean;
}

/**
 * Builds the site over some release folders into `<home>/site`, unless it stands there already.
 * Throws `ParallaxError` that names the log.
 */
export async function buildSite(
  releases: readonly string[],
  signal?: AbortSignal,
  home = join(PACKAGE_ROOT, '.parallax'),
): Promise<Site> {
  const [folder, partial, stamp] = ['site', 'site.partial', 'site.key'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ];
  const key = await siteKey(releases);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === key) return { folder, built: false };
  await mkdir(home, { recursive: true });
  await rm(partial, { recursive: true, force: true });
  const logFile = join(home, 'site.log');
  const log = createWriteStream(logFile);
  const words = [join(PACKAGE_ROOT, 'node_modules/astro/bin/astro.mjs'), 'build', '--root', join(PACKAGE_ROOT, 'site')];
  const child = spawn(process.execPath, words, {
    cwd: PACKAGE_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
    env: {
      ...process.env,
      ASTRO_TELEMETRY_DISABLED: '1',
      PARALLAX_RELEASES: releases.map((path) => resolve(path)).join(delimiter),
      PARALLAX_SITE: partial,
    },
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const code = await new Promise<number>((done, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => done(exit ?? 1));
  });
  log.end();
  if (code !== 0) throw new ParallaxError(`the site was not built (exit code ${code})`, `read ${logFile}`);
  await buildProbes(partial, releases);
  await rm(stamp, { force: true });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  await writeFile(stamp, key);
  return { folder, built: true };
}
