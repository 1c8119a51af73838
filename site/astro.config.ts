import { fileURLToPath } from 'node:url';
import mdx from '@astrojs/mdx';
import { defineConfig } from 'astro/config';
import { copyReleases } from './src/build/copy.ts';

const outDir = process.env['PARALLAX_SITE'] ?? fileURLToPath(new URL('../.parallax/site', import.meta.url));

/** Static pages, one folder each; no inline script or style, so that the content security policy can forbid them. */
export default defineConfig({
  outDir,
  cacheDir: fileURLToPath(new URL('../.parallax/astro', import.meta.url)),
  trailingSlash: 'always',
  build: { format: 'directory', inlineStylesheets: 'never', assets: 'assets' },
  // Highlighting writes inline styles, which the policy forbids.
  markdown: { syntaxHighlight: false },
  vite: { build: { assetsInlineLimit: 0, target: 'es2023' } },
  integrations: [mdx(), copyReleases()],
});
