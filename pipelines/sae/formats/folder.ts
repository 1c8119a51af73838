import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { parseSafetensors } from '#release/safetensors.ts';
import { Weights } from './weights.ts';

/** A folder with a published dictionary, as its format reads it. */
export interface Folder {
  readonly dir: string;
  /** Paths of its files, relative, with `/`. */
  readonly files: ReadonlySet<string>;
  bytes(file: string): Promise<Uint8Array>;
  json(file: string): Promise<unknown>;
  safetensors(file: string): Promise<Weights>;
}

/** Opens a folder; throws `ParallaxError` where there is none. */
export async function openFolder(dir: string): Promise<Folder> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new ParallaxError(`dictionary ${dir}: no such folder`, 'give the folder that holds the dictionary', {
      cause,
    });
  });
  const files = new Set(
    entries
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name).slice(join(dir, '/').length).replaceAll('\\', '/')),
  );
  const bytes = async (file: string) => new Uint8Array(await readFile(join(dir, file)));
  return {
    dir,
    files,
    bytes,
    async json(file) {
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await bytes(file)));
      } catch (cause) {
        throw new ParallaxError(`dictionary ${file}: not JSON`, 'download the file again', { cause });
      }
    },
    async safetensors(file) {
      const map = parseSafetensors(await bytes(file));
      return new Weights(file, map);
    },
  };
}
