import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';

export interface Found {
  readonly dir: string;
  readonly name: string;
}

/** Every folder with a `case.json` at or below `folder`, in the order of their names; a link is followed once. */
export async function findCases(folder: string): Promise<Found[]> {
  const info = await stat(folder).catch(() => undefined);
  if (!info?.isDirectory())
    throw new ParallaxError(`folder ${folder} does not exist`, 'name a folder of golden cases', { misuse: true });
  const found: Found[] = [];
  const seen = new Set<string>();
  const walk = async (dir: string): Promise<void> => {
    const real = await realpath(dir);
    if (seen.has(real)) return;
    seen.add(real);
    const names = (await readdir(dir)).sort();
    if (names.includes('case.json')) found.push({ dir, name: relative(folder, dir) || basename(real) });
    for (const name of names) {
      const path = join(dir, name);
      if ((await stat(path).catch(() => undefined))?.isDirectory()) await walk(path);
    }
  };
  await walk(folder);
  if (found.length === 0) throw new ParallaxError(`no case.json below ${folder}`, 'name a folder of golden cases');
  return found;
}
