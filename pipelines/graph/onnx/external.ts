import { closeSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { GraphError } from '../errors.ts';
import type { ExternalRange, ReadExternal } from './values.ts';

const refuse = (location: string, why: string) =>
  new GraphError(
    'malformed',
    `external data "${location}" ${why}`,
    'put the data file beside the model and export again',
  );

/** The path of an external data file, which must be a plain file inside `folder`. Throws `GraphError`. */
function resolveInside(folder: string, location: string): string {
  const inside = normalize(location);
  if (location.includes('\0') || /^([/\\]|[A-Za-z]:)/.test(location) || inside.split(/[/\\]/).includes('..'))
    throw refuse(location, "points outside the model's folder");
  let path = folder;
  for (const part of inside.split('/')) {
    path = join(path, part);
    let stat: ReturnType<typeof lstatSync>;
    try {
      stat = lstatSync(path);
    } catch (cause) {
      throw new GraphError('not-found', `external data "${location}" is missing`, 'download the data file too', {
        cause,
      });
    }
    if (stat.isSymbolicLink()) throw refuse(location, 'is a symbolic link');
  }
  return path;
}

/** A model's file with the folder of its external weights. Throws `GraphError`. */
export async function readModelFile(source: string): Promise<{ bytes: Uint8Array; folder: string; location: string }> {
  try {
    const path = await realpath(source);
    return { bytes: await readFile(path), folder: dirname(path), location: basename(path) };
  } catch (cause) {
    throw new GraphError('not-found', `cannot read the model ${source}`, 'give the path of an .onnx file', { cause });
  }
}

const withFile = <T>(folder: string, location: string, use: (fd: number, size: number) => T): T => {
  const fd = openSync(resolveInside(folder, location), 'r');
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw refuse(location, 'is not a plain file');
    return use(fd, stat.size);
  } finally {
    closeSync(fd);
  }
};

/** Checks that ranges lie within their files. Throws `GraphError`. */
export function checkRanges(folder: string, ranges: readonly ExternalRange[]): void {
  const sizes = new Map<string, number>();
  for (const { location, offset, length } of ranges) {
    const size = sizes.get(location) ?? withFile(folder, location, (_, bytes) => bytes);
    sizes.set(location, size);
    if (offset + length > size) throw refuse(location, `has ${size} bytes, ${offset + length} are asked for`);
  }
}

/** Reads ranges of external files of `folder` when asked; nothing is kept. */
export const externalReader =
  (folder: string): ReadExternal =>
  (location, offset, length) =>
    withFile(folder, location, (fd, size) => {
      if (offset + length > size) throw refuse(location, `has ${size} bytes, ${offset + length} are asked for`);
      const out = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const n = readSync(fd, out, done, length - done, offset + done);
        if (n === 0) throw refuse(location, 'ended early');
        done += n;
      }
      return out;
    });
