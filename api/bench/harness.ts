import { fileURLToPath } from 'node:url';
import { createTestHarness } from 'wrangler';

const WORKER = fileURLToPath(new URL('../worker.ts', import.meta.url));
const NOTHING = fileURLToPath(new URL('noop.ts', import.meta.url));

export interface Running {
  readonly url: string;
  close(): Promise<void>;
}

/** A Worker in workerd on a local port, over a folder of static files, as wrangler.toml lays it out. */
export async function startWorker(kind: 'app' | 'nothing', folder: string): Promise<Running> {
  // Wrangler looks these up when it starts; without a network they only cost time.
  Object.assign(process.env, {
    WRANGLER_SEND_METRICS: 'false',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_HIDE_BANNER: 'true',
  });
  const harness = createTestHarness({
    workers: [
      {
        config: {
          name: `bench-${kind}`,
          main: kind === 'app' ? WORKER : NOTHING,
          compatibility_date: '2026-10-01',
          keep_names: false,
          assets: { directory: folder, binding: 'ASSETS', run_worker_first: true, not_found_handling: 'none' },
        },
      },
    ],
  });
  const { url } = await harness.listen();
  return { url: url.href.replace(/\/$/, ''), close: () => harness.close() };
}
