import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
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
    ],
  },
});
