import { basename, resolve } from 'node:path';
import { checkRecord } from './check.ts';
import { PATHS, parseReleaseId } from './ids.ts';
import { ReleaseReader } from './reader.ts';
import { fsSource } from './source-fs.ts';
import { type Problem, verifyFiles } from './verify/files.ts';
import { verifyRecords } from './verify/records.ts';
import { verifyTables } from './verify/tables.ts';

export type { Problem } from './verify/files.ts';

/**
 * Every hash, count, reference and schema of the release in `folder`; yields nothing when all is well. A folder named by a
 * release id must hold that release. Records are read only when every file has its hash: one flipped byte gives one problem.
 */
export async function* verifyRelease(folder: string): AsyncIterable<Problem> {
  const name = basename(resolve(folder));
  let reader: ReleaseReader;
  try {
    reader = await ReleaseReader.open(fsSource(folder), {
      check: checkRecord,
      ...(parseReleaseId(name) ? { id: name } : {}),
    });
  } catch (error) {
    yield { file: PATHS.manifest, message: (error as Error).message };
    return;
  }
  let sound = true;
  for await (const problem of verifyFiles(folder, reader.manifest)) {
    sound = false;
    yield problem;
  }
  if (!sound) return;
  yield* verifyTables(reader);
  yield* verifyRecords(reader);
}
