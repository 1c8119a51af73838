import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HOLD = fileURLToPath(new URL('hold.ts', import.meta.url));

/** Memory of the app over a release in a process of its own, bytes: before the first request, and the most after any. */
export async function heldBy(
  folder: string,
  id: string,
  layers: number,
  features: number,
  count: number,
): Promise<{ code: number; most: number }> {
  const words = ['--no-warnings', '--expose-gc', HOLD, folder, id, ...[layers, features, count].map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as { code: number; most: number };
}
