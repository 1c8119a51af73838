import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProbes } from '#pipelines/publish/probe/build/index.ts';
import { writeDemoLike } from '../../test/releases.ts';
import { astroBuild, buildFolder } from './astro-build.ts';

export { TUNED } from '../../test/releases.ts';

export interface ProbeSite {
  readonly id: string;
  /** Folder of the release. */
  readonly release: string;
  /** Folder of the built site. */
  readonly site: string;
  remove(): Promise<void>;
}

/** Builds the site of such a release, with its probe, in a folder of its own. */
export async function buildProbeSite(): Promise<ProbeSite> {
  const home = await buildFolder('probe-');
  const id = await writeDemoLike(home);
  const [release, site] = [join(home, id), join(home, 'site')];
  await astroBuild([release], site);
  await buildProbes(site, [release]);
  return { id, release, site, remove: () => rm(home, { recursive: true, force: true }) };
}
