import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsRegistry } from '#release/registry-fs.ts';
import { writeSynthetic } from '#release/synthetic.ts';
import { GOLDEN } from '../test/releases.ts';
import { createApp } from './app.ts';

const SIZES = { layers: 1, features: 130, width: 8, heads: 2, pictures: 1, examples: false };

/** An app over two small versions of one made-up release, in a folder of their own, and the golden one. */
export async function openTwoVersions() {
  const parent = await mkdtemp(join(tmpdir(), 'api-'));
  const ids = [
    await writeSynthetic(parent, { ...SIZES, name: 'one', seed: 1 }),
    await writeSynthetic(parent, { ...SIZES, name: 'one', version: '2026.2.0', seed: 2 }),
  ];
  const app = createApp({ releases: fsRegistry([parent, GOLDEN]), origin: 'https://atlas.test' });
  return {
    parent,
    ids,
    app,
    get: (path: string, headers: Record<string, string> = {}) => app.request(path, { headers }),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}
