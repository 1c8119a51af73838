import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import { releases } from './releases.ts';

/** Puts each release's files under `/data/<id>/`, so that a bare file server is all the site needs. */
export const copyReleases = (): AstroIntegration => ({
  name: 'parallax-releases',
  hooks: {
    'astro:build:done': async ({ dir, logger }) => {
      const out = fileURLToPath(dir);
      await mkdir(join(out, 'data'), { recursive: true });
      const shown = await releases();
      for (const { folder, id } of shown) {
        await cp(folder, join(out, 'data', id), { recursive: true, filter: (path) => !path.endsWith('.tmp') });
        logger.info(`data/${id}`);
      }
      const list = shown.map(({ id, reader }) => ({ id, name: reader.manifest.name, title: reader.manifest.title }));
      await writeFile(join(out, 'data', 'releases.json'), JSON.stringify(list));
    },
  },
});
