import { resolve } from 'node:path';
import type { Manifest } from '#release/schema/index.ts';
import { modelPath, PACKAGE_ROOT } from '../../../config/paths.ts';
import { hashFolder, isFolder } from '../../../models/files.ts';

/** Folder of the tuned model where it came with the package. */
const OWN = 'fixtures/demo/tuned';

/** Where a run of the release's settings had its tuned model. */
function stated(settings: unknown): string[] {
  const tuned = (settings as { pair?: { tuned?: unknown } } | undefined)?.pair?.tuned;
  return typeof tuned === 'string' ? [modelPath(tuned)] : [];
}

/** The folder of the very model that a release is about, known by its hash; undefined where it is not on this machine. */
export async function tunedFolder(manifest: Manifest): Promise<string | undefined> {
  const wanted = manifest.models.find(({ role }) => role === 'tuned')?.sha256;
  for (const folder of [...stated(manifest.settings), resolve(PACKAGE_ROOT, OWN)])
    if (isFolder(folder) && (await hashFolder(folder)) === wanted) return folder;
  return undefined;
}
