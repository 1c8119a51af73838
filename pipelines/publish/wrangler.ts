import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** Look-ups that hang or warn where there is no internet, and reports that nobody asked for. */
const QUIET = { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CLOUDFLARE_CF_FETCH_ENABLED: 'false' };

/** Runs `wrangler <words>` in the package's folder, its words shown as they come. Throws `ParallaxError` where it fails. */
export async function wrangler(words: readonly string[], folder: string): Promise<void> {
  const home = dirname(createRequire(import.meta.url).resolve('wrangler/package.json'));
  const child = spawn(process.execPath, [join(home, 'bin/wrangler.js'), ...words], {
    cwd: folder,
    stdio: ['inherit', 2, 2],
    env: { ...process.env, ...QUIET },
  });
  const code = await new Promise<number>((done, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => done(exit ?? 1));
  });
  if (code !== 0)
    throw new ParallaxError(
      `wrangler ${words[0]} failed (exit code ${code})`,
      'read its messages above; npx wrangler login connects an account',
    );
}
