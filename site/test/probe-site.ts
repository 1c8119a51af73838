import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFolder } from '#pipelines/models/files.ts';
import { buildProbes } from '#pipelines/publish/probe/build/index.ts';
import { syntheticInput } from '#release/synthetic.ts';
import { writeRelease } from '#release/writer.ts';
import { astroBuild, buildFolder } from './astro-build.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The tuned model that comes with the package. */
export const TUNED = join(ROOT, 'fixtures/demo/tuned');

export interface ProbeSite {
  readonly id: string;
  /** Folder of the release. */
  readonly release: string;
  /** Folder of the built site. */
  readonly site: string;
  remove(): Promise<void>;
}

/** A release of made-up dictionaries of the width of the demo's tuned model, which it names by its hash. */
async function writeDemoLike(parent: string): Promise<string> {
  const input = await syntheticInput({ layers: 6, features: 96, heads: 8, width: 128, pictures: 2, examples: false });
  const sha256 = await hashFolder(TUNED);
  const models = input.manifest.models.map((model) => (model.role === 'tuned' ? { ...model, sha256 } : model));
  return writeRelease(parent, { ...input, manifest: { ...input.manifest, models } });
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
