import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkSite, leaveToBucket } from './limits.ts';

async function site(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parallax-limits-'));
  await mkdir(join(folder, 'data/deep'), { recursive: true });
  await writeFile(join(folder, 'index.html'), 'home');
  await writeFile(join(folder, 'data/deep/large.bin'), new Uint8Array(100));
  return folder;
}

test('counts files and names the largest', async () => {
  expect(await checkSite(await site())).toEqual({
    files: 2,
    bytes: 104,
    largest: { path: 'data/deep/large.bin', bytes: 100 },
  });
});

test('too many files, and one too large, are refused with the next step', async () => {
  const folder = await site();
  await expect(checkSite(folder, { limits: { files: 1, bytes: 1000 } })).rejects.toMatchObject({
    message: expect.stringContaining('2 files'),
    next: expect.stringContaining('R2'),
  });
  await expect(checkSite(folder, { limits: { files: 2, bytes: 99 } })).rejects.toThrow(
    'data/deep/large.bin has 100 bytes',
  );
});

test('the files of releases can be left to a bucket: neither counted nor uploaded', async () => {
  const folder = await site();
  await mkdir(join(folder, 'data/demo@2026.1.0-000000000000'), { recursive: true });
  await writeFile(join(folder, 'data/demo@2026.1.0-000000000000/manifest.json'), new Uint8Array(500));
  await leaveToBucket(folder, true);
  expect(await readFile(join(folder, '.assetsignore'), 'utf8')).toBe('data/*@*\n');
  expect(await checkSite(folder, { bucket: true })).toMatchObject({ files: 2, bytes: 104 });
  await leaveToBucket(folder, false);
  expect(await checkSite(folder)).toMatchObject({ files: 3, bytes: 604 });
});
