import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { listFiles, sumFile, sumTree } from './hash-files.ts';
import type { KeyedStage } from './keys.ts';

const RECORD = 'stage.json';
/** What of a stage's output outlives a kill, and is gone when the stage is finished; see `StageContext`. */
const isCheckpoint = (name: string) => name.startsWith('checkpoint') || name.startsWith('.checkpoint');

const Record_ = z.object({
  key: z.string(),
  outputs: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
});

/** `<out>/stages/sae-F-L03-<first 12 digits of the key>` */
export const folderOf = (out: string, { name, key }: KeyedStage): string =>
  join(out, 'stages', `${name.replaceAll('/', '-')}-${key.slice(0, 12)}`);

export const partialOf = (folder: string): string => `${folder}.partial`;

/** What stands in a stage's folder: nothing, all of its output as it was written, or something else. */
export type FolderState = 'absent' | 'finished' | 'broken';

/** @param trust compare names and sizes only, not contents */
export async function inspect(folder: string, key: string, trust: boolean): Promise<FolderState> {
  if (!(await stat(folder).catch(() => undefined))) return 'absent';
  try {
    const record = Record_.parse(JSON.parse(await readFile(join(folder, RECORD), 'utf8')));
    const names = (await listFiles(folder)).filter((name) => name !== RECORD);
    if (record.key !== key || names.length !== Object.keys(record.outputs).length) return 'broken';
    for (const name of names) {
      const wanted = record.outputs[name];
      const path = join(folder, name);
      if (!wanted || (await stat(path)).size !== wanted.bytes) return 'broken';
      if (!trust && (await sumFile(path)).sha256 !== wanted.sha256) return 'broken';
    }
    return 'finished';
  } catch {
    return 'broken';
  }
}

/** Makes the folder that an attempt writes to: empty, but for the checkpoint of an attempt that was killed. */
export async function prepare(folder: string): Promise<string> {
  const partial = partialOf(folder);
  await mkdir(partial, { recursive: true });
  for (const name of await readdir(partial))
    if (!isCheckpoint(name)) await rm(join(partial, name), { recursive: true, force: true });
  return partial;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Checksums what the stage wrote, brings it to the disk, and gives it its final name in one step. */
export async function finish(folder: string, stage: KeyedStage): Promise<void> {
  const partial = partialOf(folder);
  for (const name of await readdir(partial))
    if (isCheckpoint(name)) await rm(join(partial, name), { recursive: true, force: true });
  const outputs = await sumTree(partial);
  const { name, key, version, module, settings, inputKeys, fileHashes } = stage;
  const record = { name, key, version, module, settings, inputs: inputKeys, files: fileHashes, outputs };
  await writeFile(join(partial, RECORD), `${JSON.stringify(record, null, 1)}\n`);
  const folders = new Set([partial]);
  for (const path of await listFiles(partial)) {
    await sync(join(partial, path));
    folders.add(dirname(join(partial, path)));
  }
  for (const path of folders) await sync(path);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  await sync(dirname(folder));
}
