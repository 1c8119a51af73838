import { checkRecord } from '../../release/check.ts';
import { ReleaseReader } from '../../release/reader.ts';
import { fsSource } from '../../release/source-fs.ts';
import { findRelease } from './find.ts';

/** Opens a release by folder, id or name, every record checked by its schema. */
export async function openRelease(wanted?: string): Promise<{ reader: ReleaseReader; folder: string }> {
  const folder = await findRelease(wanted);
  return { folder, reader: await ReleaseReader.open(fsSource(folder), { check: checkRecord }) };
}
