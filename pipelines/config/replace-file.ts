import { rename, writeFile } from 'node:fs/promises';

/** Writes a file in place of what was there, so that a killed program leaves the one or the other, whole. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.tmp`, bytes);
  await rename(`${path}.tmp`, path);
}
