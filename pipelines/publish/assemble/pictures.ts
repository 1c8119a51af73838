import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Adds the pictures of a folder of `<sha256>.webp` files. */
export async function addPictures(pictures: Map<string, Uint8Array>, folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((n) => n.endsWith('.webp')).sort()) {
    const bytes = new Uint8Array(await readFile(join(folder, name)));
    pictures.set(createHash('sha256').update(bytes).digest('hex'), bytes);
  }
}
