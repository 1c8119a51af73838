import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../release/export/index.ts';
import type { ReleaseReader } from '../../release/reader.ts';

const FORMATS: Readonly<Record<string, ExportFormat>> = EXPORT_FORMATS;

/** Writes a release's export below `folder`, each file whole or not at all; gives the paths. */
export async function exportRelease(reader: ReleaseReader, format: string, folder: string): Promise<string[]> {
  const rule = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (!rule)
    throw new ParallaxError(`format ${format} is unknown`, `choose from ${Object.keys(FORMATS).join(', ')}`, {
      misuse: true,
    });
  const written: string[] = [];
  for await (const { path, text } of rule.files(reader)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.partial`, text);
    await rename(`${file}.partial`, file);
    written.push(path);
  }
  return written;
}
