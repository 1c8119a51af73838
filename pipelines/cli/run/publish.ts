import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, sumFile, sumTree } from './hash-files.ts';

/** Copies a finished folder to its public place in one step; leaves a copy that is whole as it is. */
export async function publishFolder(from: string, to: string): Promise<void> {
  if (await equal(from, to)) return;
  const partial = `${to}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(to, '..'), { recursive: true });
  await cp(from, partial, { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(partial, to);
}

async function equal(a: string, b: string): Promise<boolean> {
  const names = await listFiles(b).catch(() => undefined);
  if (!names) return false;
  const wanted = await sumTree(a);
  if (names.length !== Object.keys(wanted).length) return false;
  for (const name of names) if (wanted[name]?.sha256 !== (await sumFile(join(b, name))).sha256) return false;
  return true;
}
