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

/** `text-file:corpus.txt` -> its two parts; the path is empty where the data set takes no file. */
function splitData(name: string): [head: string, path: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
}
const onPath =
  (change: (path: string) => string) =>
  (name: string): string => {
    const [head, path] = splitData(name);
    return path === '' ? head : `${head}:${change(path)}`;
  };

/** A data set that a config file in `folder` names, its file written as `portablePath` does. */
export const portableData = (name: string, folder: string): string =>
  onPath((path) => portablePath(path, folder))(name);
/** A data set of a resolved config, as `data/` opens it. */
export const dataName: (name: string) => string = onPath(modelPath);
/** A data set as a release may name it. */
export const publicData: (name: string) => string = onPath((path) => publicName(path));

/** A model as a release may name it: nothing of a machine's folders but the last name. */
export const publicName = (model: string): string => (isAbsolute(model) ? basename(model) : model);
