import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSynthetic } from '#release/synthetic.ts';
import { astroBuild, buildFolder } from './astro-build.ts';

export interface TestSite {
  readonly id: string;
  readonly site: string;
  /** An older release of the same name. */
  readonly older: string;
  /** A feature with a page of its own, and one that only the shell can show. */
  readonly ready: string;
  readonly other: string;
  remove(): Promise<void>;
}

/** A site of two small made-up releases of one name, in a folder of its own. */
export async function buildTestSite(): Promise<TestSite> {
  const home = await buildFolder('pages-');
  const id = await writeSynthetic(home, { layers: 4, features: 96, heads: 4, width: 16, pictures: 6, seed: 7 });
  const before = { layers: 2, features: 48, heads: 2, width: 8, pictures: 4, seed: 8, version: '2025.12.0' };
  const older = await writeSynthetic(home, before);
  const site = join(home, 'site');
  await astroBuild([join(home, older), join(home, id)], site);
  const made = await readdir(join(site, 'r', id));
  const ready = made.filter((name) => /^L\d+F\d+$/.test(name)).sort();
  const other = Array.from({ length: 96 }, (_, i) => `L3F${i}`).find((name) => !ready.includes(name));
  if (!ready[0] || !other) throw new Error('the made-up release has no feature of one of the two kinds');
  return { id, older, site, ready: ready[0], other, remove: () => rm(home, { recursive: true, force: true }) };
}

/** Every kind of page, by a name for the test. */
export const pagesOf = ({ id, older, ready }: TestSite): Record<string, string> => ({
  home: '/',
  explorer: `/r/${id}/`,
  feature: `/r/${id}/${ready}/`,
  heads: `/r/${id}/heads/`,
  head: `/r/${id}/H1.0/`,
  stages: `/r/${id}/stages/`,
  related: `/r/${id}/related/`,
  'related of before': `/r/${older}/related/`,
  reports: `/r/${id}/report/`,
  report: `/r/${id}/report/findings/`,
  methods: '/methods/',
  reading: '/how-to-read/',
  running: '/run/',
  api: '/api-guide/',
  reference: '/api-guide/reference/',
  about: '/about/',
  compare: '/compare/',
  'compared releases': `/compare/?a=${encodeURIComponent(older)}&b=${encodeURIComponent(id)}`,
  'compared features': `/compare/?a=synthetic/${ready}&b=${encodeURIComponent(`${id}/L0F1`)}`,
});

/** The text of a page's file. */
export const fileOf = (site: string, path: string): Promise<string> =>
  readFile(join(site, path.replace(/\?.*/, ''), 'index.html'), 'utf8');
