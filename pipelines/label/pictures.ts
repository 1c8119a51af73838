import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Image } from '#pipelines/data/sample.ts';

const QUALITY = 90;

/** Writes a picture as `<sha256 of its bytes>.webp` and gives the hash. The same pixels give the same file. */
export async function writePicture(folder: string, { data, width, height }: Image): Promise<string> {
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: QUALITY })
    .toBuffer();
  const hash = createHash('sha256').update(bytes).digest('hex');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${hash}.webp`), bytes);
  return hash;
}
