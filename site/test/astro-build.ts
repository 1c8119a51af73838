import { spawn } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A new folder for one build: inside the project, since Astro shares one working folder between all builds that go elsewhere. */
export async function buildFolder(prefix: string): Promise<string> {
  const parent = join(ROOT, '.parallax/test');
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, prefix));
}

/** Builds the pages of some release folders into a folder. Throws with the end of the log when the build fails. */
export async function astroBuild(releases: readonly string[], site: string): Promise<void> {
  const words = [join(ROOT, 'node_modules/astro/bin/astro.mjs'), 'build', '--root', join(ROOT, 'site')];
  const env = {
    ...process.env,
    ASTRO_TELEMETRY_DISABLED: '1',
    PARALLAX_RELEASES: releases.join(delimiter),
    PARALLAX_SITE: site,
  };
  const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      log += text;
    });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`astro build: exit code ${code}\n${log.slice(-2000)}`);
}
