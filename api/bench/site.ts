import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATHS } from '#release/ids.ts';
import { type SyntheticOptions, writeSynthetic } from '#release/synthetic.ts';

/** Static files hold no larger file. */
const DOWNLOADS = (layers: number): string[] => Array.from({ length: layers }, (_, layer) => PATHS.dictionary(layer));

/**
 * A folder of static files with one synthetic release under `/data/`, made once and kept below `home`.
 * @returns the folder and the release's id
 */
export async function benchSite(
  home: string,
  name: string,
  options: SyntheticOptions,
): Promise<{ folder: string; id: string }> {
  const folder = join(home, name);
  const data = join(folder, 'data');
  const there = (await readdir(data).catch(() => [])).find((entry) => entry.includes('@'));
  if (there) return { folder, id: there };
  const partial = `${folder}.tmp`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, 'data'), { recursive: true });
  const id = await writeSynthetic(join(partial, 'data'), options);
  for (const path of DOWNLOADS(options.layers ?? 1)) await rm(join(partial, 'data', id, path), { force: true });
  await writeFile(join(partial, 'data/releases.json'), JSON.stringify([{ id }]));
  await rename(partial, folder);
  return { folder, id };
}
