import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';
import type { Stage } from '../../config/stage.ts';
import { finish, folderOf, inspect, prepare } from './folder.ts';
import { hashPath } from './hash-files.ts';
import { type KeyedStage, withKeys } from './keys.ts';
import { takeFolder } from './lock.ts';
import { createPool } from './pool.ts';
import type { Progress } from './progress.ts';
import { schedule } from './schedule.ts';
import { toolsOf } from './tools.ts';

export interface RunOptions {
  /** Folder that the run owns: `stages/`, `logs/`, lock. */
  readonly out: string;
  readonly workers: number;
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  /** Takes finished stages by the sizes of their files, without reading them. */
  readonly trust?: boolean;
  /** Aborted by Ctrl-C: the run stops and can go on later. */
  readonly signal?: AbortSignal;
  readonly progress: (stages: number) => Progress;
}

/** Thrown when a run was stopped from outside; exit code 130. */
export class Interrupted extends ParallaxError {
  override readonly name = 'Interrupted';
  readonly exitCode = 130;
  constructor() {
    super('stopped', 'start again: the run goes on where it was');
  }
}

/** Keys of the stages on this machine, every outside file hashed once. */
export function keyStages(stages: readonly Stage[], device: RunOptions['device']): Promise<KeyedStage[]> {
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (path: string) => {
    const known = hashes.get(path) ?? hashPath(path);
    hashes.set(path, known);
    return known;
  };
  return withKeys(stages, hashOf, toolsOf(device));
}

/**
 * Runs the stages that are not done yet and gives every stage's folder by name. The bytes in them depend on the stages
 * alone, not on `workers`, nor on how often the run was killed and started again.
 * Throws `ParallaxError` that names the stage; `Interrupted` after `signal`.
 */
export async function runStages(stages: readonly Stage[], options: RunOptions): Promise<Map<string, string>> {
  const { out, workers, device, trust = false, signal } = options;
  const keyed = await keyStages(stages, device);
  let lost: Error | undefined;
  const lock = await takeFolder(out, (error) => {
    lost = error;
    pool.close();
  });
  const pool = createPool((pids) => {
    lock.workers(pids).catch(() => {});
  });
  const folders = new Map(keyed.map((stage) => [stage.name, folderOf(out, stage)]));
  const progress = options.progress(keyed.length);
  const stop = () => pool.close();
  signal?.addEventListener('abort', stop);
  try {
    await mkdir(join(out, 'stages'), { recursive: true });
    await mkdir(join(out, 'logs'), { recursive: true });
    const one = async (stage: KeyedStage): Promise<void> => {
      if (signal?.aborted) throw new Interrupted();
      const folder = folders.get(stage.name)!;
      const state = await inspect(folder, stage.key, trust);
      if (state === 'finished') return progress.finish(stage.name);
      if (state === 'broken') {
        progress.note(`${stage.name}: its folder is not as it was written; doing it again`);
        await rm(folder, { recursive: true, force: true });
      }
      progress.start(stage.name);
      const began = performance.now();
      const { module, settings, files } = stage;
      const inputs = Object.fromEntries(Object.entries(stage.inputs).map(([role, name]) => [role, folders.get(name)!]));
      const logFile = join(out, 'logs', `${stage.name.replaceAll('/', '-')}.log`);
      const log = createWriteStream(logFile, { flags: 'a' }).on('error', () => {});
      try {
        const task = { module, settings, files, inputs, device, out: await prepare(folder) };
        await pool.run(stage.name, task, {
          progress: (done, total, unit) => progress.update(stage.name, done, total, unit),
          logFile,
          log: (line) => log.write(`${line}\n`),
        });
        await finish(folder, stage);
      } catch (error) {
        await close(log, error);
        throw error;
      }
      await close(log);
      progress.finish(stage.name, (performance.now() - began) / 1000);
    };
    await schedule(keyed, workers, one, stop);
    return folders;
  } catch (error) {
    if (lost) throw new ParallaxError(`the lock on ${out} was lost: ${lost.message}`, 'start again', { cause: lost });
    throw signal?.aborted ? new Interrupted() : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    progress.close();
    pool.close();
    await lock.release().catch(() => {});
  }
}

const close = (log: WriteStream, error?: unknown) => {
  if (log.destroyed) return Promise.resolve();
  if (error instanceof Error) log.write(`${error.stack ?? error.message}\n`);
  return new Promise<void>((resolve) => {
    log.once('close', resolve);
    log.end();
  });
};
