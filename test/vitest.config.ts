import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { workerAssets } from './worker-assets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['pipelines/**/*.test.ts', 'test/**/*.test.ts', 'api/**/*.test.ts', 'site/**/*.test.ts'],
          exclude: ['**/*.worker.test.ts', '**/*.browser.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: 'api/worker.ts',
            miniflare: {
              compatibilityDate: '2026-10-01',
              modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm?module'] }],
              assets: { directory: workerAssets(root), binding: 'ASSETS' },
              r2Buckets: ['RELEASES'],
            },
          }),
        ],
        test: {
          name: 'worker',
          include: ['api/**/*.worker.test.ts', 'test/**/*.worker.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['site/**/*.browser.test.ts', 'test/**/*.browser.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
