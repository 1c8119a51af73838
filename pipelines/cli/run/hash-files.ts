import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { hashJson } from './canonical.ts';

export interface FileSum {
  readonly bytes: number;
  readonly sha256: string;
}

/** Size and sha256 of one file. */
export async function sumFile(path: string): Promise<FileSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Paths of the files below `dir`, with `/`, sorted by code units. */
export async function listFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(dir, sep).length).split(sep).join('/'))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** Sums of every file below `dir` by path. */
export async function sumTree(dir: string): Promise<Record<string, FileSum>> {
  const sums: Record<string, FileSum> = {};
  for (const path of await listFiles(dir)) sums[path] = await sumFile(join(dir, path));
  return sums;
}

/** One hash for the content of a file, or of a folder with the names in it. */
export async function hashPath(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return (await sumFile(path)).sha256;
  const sums = await sumTree(path);
  return hashJson(Object.fromEntries(Object.entries(sums).map(([name, { sha256 }]) => [name, sha256])));
}
