import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFolder } from '#pipelines/models/files.ts';
import { syntheticInput } from '#release/synthetic.ts';
import { writeRelease } from '#release/writer.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The folder of the release that every later version of the reader reads. */
export const GOLDEN = join(ROOT, 'test/golden-release');
/** The tuned model that comes with the package. */
export const TUNED = join(ROOT, 'fixtures/demo/tuned');

/** Writes a release of made-up dictionaries of the width of the demo's tuned model, which it names by its hash. Gives its id. */
export async function writeDemoLike(parent: string, features = 96): Promise<string> {
  const input = await syntheticInput({ layers: 6, features, heads: 8, width: 128, pictures: 2, examples: false });
  const sha256 = await hashFolder(TUNED);
  const models = input.manifest.models.map((model) => (model.role === 'tuned' ? { ...model, sha256 } : model));
  return writeRelease(parent, { ...input, manifest: { ...input.manifest, models } });
}
