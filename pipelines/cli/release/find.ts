import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';
import { nearest } from '../../config/nearest.ts';
import { parseReleaseId } from '../../release/ids.ts';

/** A release on this machine. */
export interface LocalRelease {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
}

const names = (folder: string) => readdir(folder).catch((): string[] => []);

/** Compares `2026.11.0` by its numbers. */
function newer(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const at = x.findIndex((part, i) => part !== y[i]);
  return at < 0 ? 0 : y[at]! - x[at]!;
}

/** Releases that runs left below `.parallax`, newest of a name first; one with a changed manifest is another release. */
export async function localReleases(home = '.parallax'): Promise<LocalRelease[]> {
  const found: (LocalRelease & { version: string; made: number })[] = [];
  for (const run of (await names(home)).sort())
    for (const id of (await names(join(home, run, 'releases'))).sort()) {
      const parsed = parseReleaseId(id);
      const folder = resolve(home, run, 'releases', id);
      const made = (await stat(join(folder, 'manifest.json')).catch(() => undefined))?.mtimeMs;
      if (parsed && made !== undefined) found.push({ id, folder, made, name: parsed.name, version: parsed.version });
    }
  found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : newer(a.version, b.version) || b.made - a.made));
  return found.map(({ id, name, folder }) => ({ id, name, folder }));
}

/** Folders of the newest release of every name below `.parallax`. Throws `ParallaxError` where there is none. */
export async function newestReleases(home?: string): Promise<string[]> {
  const newest = new Map<string, string>();
  for (const { name, folder } of await localReleases(home)) if (!newest.has(name)) newest.set(name, folder);
  if (newest.size === 0) throw none();
  return [...newest.values()];
}

const none = () => new ParallaxError('there is no release yet', 'run parallax run demo, or name a release folder');

/**
 * The folder of a release: a folder named, or one below `.parallax` by id or name; the only or newest one where nothing is named.
 * Throws `ParallaxError` where there is none.
 */
export async function findRelease(wanted?: string, home?: string): Promise<string> {
  if (wanted !== undefined && (await stat(join(wanted, 'manifest.json')).catch(() => undefined)))
    return resolve(wanted);
  const all = await localReleases(home);
  const found = all.find(({ id, name }) => wanted === undefined || id === wanted || name === wanted);
  if (found) return found.folder;
  if (wanted === undefined)
    throw new ParallaxError('there is no release yet', 'run parallax run demo, or name a release folder');
  const meant = nearest(wanted, [...new Set(all.flatMap(({ id, name }) => [id, name]))]);
  throw new ParallaxError(
    `release ${wanted} was not found: it is no folder with a manifest.json, and no run made it`,
    meant ? `did you mean ${meant}?` : 'run parallax run demo, or name a release folder',
  );
}

/** Folders of the releases named; of the newest of every name where none is. */
export const findReleases = async (wanted: readonly string[]): Promise<string[]> =>
  wanted.length > 0 ? Promise.all(wanted.map((name) => findRelease(name))) : newestReleases();
