import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParallaxError } from './errors.ts';

/** Folder of the package: paths of a config are relative to it, so that a written config holds no place of a machine. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Absolute path of a model folder that the config names; `field` is named by the error. */
export function locateModel(id: string, field: string): string {
  const path = resolve(PACKAGE_ROOT, id);
  if (existsSync(path)) return path;
  throw new ParallaxError(
    `${field}: folder ${id} does not exist`,
    `set ${field} to a folder with a model in the transformers.js layout`,
  );
}

/** A path that a config file in `folder` gives, as the resolved config writes it: below the package relative, else absolute. */
export function portablePath(path: string, folder: string): string {
  const absolute = isAbsolute(path)
    ? path
    : existsSync(join(PACKAGE_ROOT, path))
      ? join(PACKAGE_ROOT, path)
      : resolve(folder, path);
  const inside = relative(PACKAGE_ROOT, absolute);
  return inside.startsWith('..') || isAbsolute(inside) ? absolute : inside.split(sep).join('/');
}
