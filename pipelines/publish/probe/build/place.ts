import { createHash } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LiveFile } from '#release/probe/live.ts';

/** Writes files into a site's folder and says where they are. */
export interface Place {
  /** Bytes at `/probe/<name>`, a hash of them put before the ending, so that caches never mix two builds. */
  put(name: string, bytes: Uint8Array | string): Promise<LiveFile>;
  /** A file that stands in the folder already. */
  has(path: string): Promise<LiveFile>;
}

export function placeIn(out: string): Place {
  const has = async (path: string): Promise<LiveFile> => ({ path, bytes: (await stat(join(out, path))).size });
  return {
    has,
    async put(name, content) {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10);
      const path = `/probe/${name.replace(/(\.[a-z]+)$/, (ending) => `-${hash}${ending}`)}`;
      await mkdir(dirname(join(out, path)), { recursive: true });
      await writeFile(join(out, path), bytes);
      return has(path);
    },
  };
}
