import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** Limits of static files on Workers, free plan; `wrangler deploy --dry-run` does not count them. */
export interface Limits {
  readonly files: number;
  /** Bytes of one file. */
  readonly bytes: number;
}
export const FREE_PLAN: Limits = { files: 20_000, bytes: 25 * 2 ** 20 };

export interface SiteSize {
  readonly files: number;
  readonly bytes: number;
  /** The largest file, and its bytes. */
  readonly largest: { readonly path: string; readonly bytes: number };
}

/** Files of releases, below a built site: in a bucket where they are left out of it. */
const RELEASES = /^data\/[^/]+@/;

/** Says to wrangler whether the files of releases are static files of a built site, or lie in a bucket. */
export async function leaveToBucket(folder: string, bucket: boolean): Promise<void> {
  const file = join(folder, '.assetsignore');
  if (bucket) await writeFile(file, 'data/*@*\n');
  else await rm(file, { force: true });
}

/** Counts the files of a built site, but for those left to a bucket. Throws `ParallaxError` where a host with these limits would refuse it. */
export async function checkSite(
  folder: string,
  { limits = FREE_PLAN, bucket = false }: { limits?: Limits; bucket?: boolean } = {},
): Promise<SiteSize> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let [files, bytes] = [0, 0];
  let largest = { path: '', bytes: 0 };
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const below = relative(folder, path).split(sep).join('/');
    if (below === '.assetsignore' || (bucket && RELEASES.test(below))) continue;
    const { size } = await stat(path);
    files += 1;
    bytes += size;
    if (size > largest.bytes) largest = { path: below, bytes: size };
  }
  const next = 'leave the releases to an R2 bucket with --r2: see api/README.md';
  if (files > limits.files) throw new ParallaxError(`the site has ${files} files, ${limits.files} are allowed`, next);
  if (largest.bytes > limits.bytes)
    throw new ParallaxError(`${largest.path} has ${largest.bytes} bytes, ${limits.bytes} are allowed`, next);
  return { files, bytes, largest };
}
