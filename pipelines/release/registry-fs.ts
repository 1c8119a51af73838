import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkRecord } from './check.ts';
import { ReleaseError } from './errors.ts';
import { parseReleaseId } from './ids.ts';
import { ReleaseReader } from './reader.ts';
import { createRegistry, type Registry } from './registry.ts';
import { fsSource } from './source-fs.ts';

/**
 * The releases in folders. A folder whose name is a release id is that release; any other is looked through for such folders,
 * each time anew, so that a release can come and go while it is served.
 */
export function fsRegistry(folders: readonly string[]): Registry {
  const find = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (const folder of folders.map((f) => resolve(f))) {
      const single = parseReleaseId(basename(folder)) ? [basename(folder)] : null;
      const parent = single ? dirname(folder) : folder;
      for (const id of single ?? (await readdir(folder).catch(() => [])))
        if (parseReleaseId(id)) found.set(id, join(parent, id));
    }
    return found;
  };
  return createRegistry(
    async () => [...(await find()).keys()],
    async (id) => {
      const folder = (await find()).get(id);
      if (folder === undefined) return null;
      try {
        return await ReleaseReader.open(fsSource(folder), { id, check: checkRecord });
      } catch (error) {
        if (error instanceof ReleaseError && error.code === 'not-found') return null;
        throw error;
      }
    },
  );
}
