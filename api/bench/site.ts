import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATHS } from '#release/ids.ts';
import { type SyntheticOptions, writeSynthetic } from '#release/synthetic.ts';

/** Where releases are kept between runs. */
export const BENCH_HOME = fileURLToPath(new URL('../../.parallax/bench', import.meta.url));

/** Static files hold no larger file. */
const DOWNLOADS = (layers: number): string[] => Array.from({ length: layers }, (_, layer) => PATHS.dictionary(layer));

/**
 * A folder of static files with one synthetic release under `/data/`, made once and kept below `home`.
 * @returns the folder, the release's id, and how long it took; null where it was there
 */
export async function benchSite(
  home: string,
  name: string,
  options: SyntheticOptions,
): Promise<{ folder: string; id: string; seconds: number | null }> {
  const folder = join(home, name);
  const data = join(folder, 'data');
  const there = (await readdir(data).catch(() => [])).find((entry) => entry.includes('@'));
  if (there) return { folder, id: there, seconds: null };
  const began = performance.now();
  const partial = `${folder}.tmp`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, 'data'), { recursive: true });
  const id = await writeSynthetic(join(partial, 'data'), options);
  for (const path of DOWNLOADS(options.layers ?? 1)) await rm(join(partial, 'data', id, path), { force: true });
  await writeFile(join(partial, 'data/releases.json'), JSON.stringify([{ id }]));
  await rename(partial, folder);
  return { folder, id, seconds: (performance.now() - began) / 1000 };
}
