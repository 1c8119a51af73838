import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PATHS } from '../ids.ts';
import type { Manifest } from '../schema/manifest.ts';

/** Something that is not as the release promises. `file` is a path in the release, or the id of a record. */
export interface Problem {
  readonly file: string;
  readonly message: string;
}

async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Size and sha256 of every file that the manifest names, and files that it does not name. */
export async function* verifyFiles(folder: string, manifest: Manifest): AsyncIterable<Problem> {
  for (const [file, entry] of Object.entries(manifest.files)) {
    const found = await stat(join(folder, file)).catch(() => null);
    if (!found?.isFile()) yield { file, message: 'the manifest names it, but it is not there' };
    else if (found.size !== entry.bytes)
      yield { file, message: `${found.size} bytes, the manifest says ${entry.bytes}` };
    else if ((await sha256File(join(folder, file))) !== entry.sha256)
      yield { file, message: 'its sha256 is not the one that the manifest gives' };
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const file = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (file !== PATHS.manifest && !Object.hasOwn(manifest.files, file))
      yield { file, message: 'the manifest does not name it' };
  }
}
