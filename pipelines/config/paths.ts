import { existsSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the package: paths of a config are relative to it, so that a written config holds no place of a machine. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What a config says of a model, as the resolved config writes it: a folder below the package relative to it, another folder
 * absolute, anything else (a hub id) as it is.
 * @param folder of the config file
 */
export function portablePath(model: string, folder: string): string {
  const path = [PACKAGE_ROOT, folder].map((base) => resolve(base, model)).find((candidate) => existsSync(candidate));
  if (!path) return model;
  const inside = relative(PACKAGE_ROOT, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

/** The model of a resolved config, as `models/` opens it: an absolute folder or a hub id. */
export function modelPath(model: string): string {
  const path = resolve(PACKAGE_ROOT, model);
  return existsSync(path) ? path : model;
}

/** A model as a release may name it: nothing of a machine's folders but the last name. */
export const publicName = (model: string): string => (isAbsolute(model) ? basename(model) : model);
