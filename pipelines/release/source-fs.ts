import { open, readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Source } from './source.ts';

const absent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as { code?: string }).code ?? '');

/** A release in a folder. A path that leaves the folder does not exist. */
export function fsSource(folder: string): Source {
  const root = resolve(folder);
  return {
    async read(path, range) {
      const file = join(root, path);
      if (!file.startsWith(root + sep)) return null;
      try {
        if (!range) return await readFile(file);
        const handle = await open(file);
        try {
          const out = new Uint8Array(range.length);
          let at = 0;
          while (at < out.byteLength) {
            const { bytesRead } = await handle.read(out, at, out.byteLength - at, range.offset + at);
            if (bytesRead === 0) break;
            at += bytesRead;
          }
          return out.subarray(0, at);
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (absent(error)) return null;
        throw error;
      }
    },
  };
}
