import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ReleaseError } from '../errors.ts';
import type { Manifest } from '../schema/manifest.ts';

/** Writes the files of one release below a temporary name, remembering size and sha256, and gives the folder its name at the end. */
export class Sink {
  readonly #folder: string;
  readonly files: Manifest['files'] = {};

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(parent: string, name: string): Promise<Sink> {
    const folder = join(parent, `.${name}.${process.pid}.tmp`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new Sink(folder);
  }

  async write(path: string, bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = join(this.#folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    this.files[path] = { bytes: bytes.byteLength, sha256 };
    return sha256;
  }

  /** Moves the folder to its name. A release of that id that already stands is the same by construction, and stays. */
  async publish(parent: string, id: string): Promise<void> {
    const target = join(parent, id);
    const there = await stat(target).catch(() => null);
    if (there) return this.discard();
    try {
      await rename(this.#folder, target);
    } catch (cause) {
      throw new ReleaseError('argument', `cannot name the release ${target}`, 'check that the folder can be written', {
        cause,
      });
    }
  }

  discard(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
