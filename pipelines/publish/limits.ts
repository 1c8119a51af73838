import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
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

/** Counts the files of a built site. Throws `ParallaxError` where a host with these limits would refuse it. */
export async function checkSite(folder: string, limits: Limits = FREE_PLAN): Promise<SiteSize> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let [files, bytes] = [0, 0];
  let largest = { path: '', bytes: 0 };
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    files += 1;
    bytes += size;
    if (size > largest.bytes) largest = { path: relative(folder, path), bytes: size };
  }
  const next = 'serve the releases from an R2 bucket: see wrangler.toml';
  if (files > limits.files) throw new ParallaxError(`the site has ${files} files, ${limits.files} are allowed`, next);
  if (largest.bytes > limits.bytes)
    throw new ParallaxError(`${largest.path} has ${largest.bytes} bytes, ${limits.bytes} are allowed`, next);
  return { files, bytes, largest };
}
