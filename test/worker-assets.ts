import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHELL =
  '<!doctype html><html lang="en"><head><!--parallax:head--></head><body><!--parallax:main--></body></html>';

/** Static files of a small site: the golden release, the list of releases, and the two shells. Gives their folder. */
export function workerAssets(root: string): string {
  const folder = join(root, '.parallax/test/worker-assets');
  const golden = join(root, 'test/golden-release');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'data'), { recursive: true });
  const ids = readdirSync(golden);
  for (const id of ids) cpSync(join(golden, id), join(folder, 'data', id), { recursive: true });
  writeFileSync(join(folder, 'data/releases.json'), JSON.stringify(ids.map((id) => ({ id }))));
  for (const kind of ['feature', 'head']) {
    mkdirSync(join(folder, 'r/_shell', kind), { recursive: true });
    writeFileSync(join(folder, 'r/_shell', kind, 'index.html'), SHELL);
  }
  return folder;
}
