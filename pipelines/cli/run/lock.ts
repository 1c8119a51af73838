import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import { ParallaxError } from '../../config/errors.ts';

/** Who holds a folder: `run.json` in it. */
const Owner = z.object({ host: z.string(), pid: z.int(), workers: z.array(z.int()) });
type Owner = z.infer<typeof Owner>;

/** A lock that its holder has not touched for so long, in ms, was left behind. */
const STALE = 15_000;
/** How long, in ms, a run that was just killed gets to be gone, and how often that is looked at. */
const PATIENCE = 2500;
const PACE = 100;

export interface Lock {
  /** Records the worker processes, so that a run after a kill waits until they are gone. */
  workers(pids: readonly number[]): Promise<void>;
  release(): Promise<void>;
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

async function ownerOf(file: string): Promise<Owner | undefined> {
  try {
    return Owner.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE; waited += PACE) {
    if (condition()) return true;
    await wait(PACE);
  }
  return condition();
}

const busy = (out: string, who = '') =>
  new ParallaxError(
    `another run is at work in ${out}${who}`,
    'wait for it, stop it, or choose another folder with --out',
  );

/** Removes the lock of a run that died on this machine, once its workers are gone too. */
async function clearLeftLock(out: string, lockfilePath: string, { pid, workers }: Owner): Promise<void> {
  if (await until(() => !alive(pid))) {
    if (!(await until(() => !workers.some(alive)))) throw busy(out, ` (workers ${workers.filter(alive).join(', ')})`);
    await rm(lockfilePath, { recursive: true, force: true });
  } else if (await lockfile.check(out, { lockfilePath, stale: STALE })) throw busy(out, ` (process ${pid})`);
}

/**
 * Takes the folder for this process; a lock that a killed run left is taken over. Throws `ParallaxError` if another run
 * is at work there.
 * @param compromised called when the lock was lost
 */
export async function takeFolder(out: string, compromised: (error: Error) => void): Promise<Lock> {
  await mkdir(out, { recursive: true });
  const ownerFile = join(out, 'run.json');
  const lockfilePath = join(out, 'run.lock');
  const refused = (error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOCKED' ? busy(out) : error;
  };
  // One at a time through the door, or two could both clear one left lock.
  const door = join(out, 'run.door');
  const leaveDoor = await lockfile
    .lock(door, {
      lockfilePath: door,
      realpath: false,
      stale: 5000,
      retries: { retries: 40, minTimeout: 250, factor: 1 },
    })
    .catch(refused);
  try {
    const before = await ownerOf(ownerFile);
    if (before?.host === hostname()) await clearLeftLock(out, lockfilePath, before);
    const free = await lockfile
      .lock(out, { lockfilePath, stale: STALE, update: 2000, onCompromised: compromised })
      .catch(refused);
    let written = Promise.resolve();
    const write = (workers: readonly number[]) => {
      const owner = { host: hostname(), pid: process.pid, workers };
      written = written
        .then(() => writeFile(`${ownerFile}.next`, `${JSON.stringify(owner)}\n`))
        .then(() => rename(`${ownerFile}.next`, ownerFile));
      return written;
    };
    await write([]);
    return {
      workers: write,
      release: async () => {
        await written.catch(() => {});
        await rm(ownerFile, { force: true });
        await free();
      },
    };
  } finally {
    await leaveDoor();
  }
}
