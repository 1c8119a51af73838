import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ParallaxError } from '../../config/errors.ts';
import type { RemoteError, Report, Task } from './protocol.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
// Every stage computes on one thread, so that its results do not depend on how many run beside it.
const ENVIRONMENT = { OMP_NUM_THREADS: '1', VIPS_CONCURRENCY: '1' };

export interface Listener {
  /** Where `log` writes, named when the process dies. */
  readonly logFile: string;
  progress(done: number, total: number, unit: string): void;
  /** A line that the stage, or a library below it, printed. */
  log(line: string): void;
}

export interface Pool {
  /** Processes at work or idle. */
  pids(): number[];
  /** Runs one task on an idle process, or on a new one. Rejects with a `ParallaxError` that names the stage. */
  run(name: string, task: Task, listener: Listener): Promise<void>;
  /** Kills every process; tasks at work, and later ones, reject. */
  close(): void;
}

function stageError(name: string, { message, next, code, stack }: RemoteError): Error {
  const error: Error & { code?: string } = next
    ? new ParallaxError(`stage ${name}: ${message}`, next)
    : new Error(`stage ${name}: ${message}`);
  if (code !== undefined) error.code = code;
  if (stack) error.stack = stack;
  return error;
}

/** @param onChange called when a process was started, with all that live */
export function createPool(onChange: (pids: number[]) => void = () => {}): Pool {
  const all = new Set<ChildProcess>();
  const idle: ChildProcess[] = [];
  let closed = false;
  const pids = () => [...all].map((child) => child.pid!).filter((pid) => pid !== undefined);

  const start = (): ChildProcess => {
    const child = fork(WORKER, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: ['--no-warnings'],
      env: { ...process.env, ...ENVIRONMENT },
    });
    all.add(child);
    child.on('exit', () => {
      all.delete(child);
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
    });
    onChange(pids());
    return child;
  };

  return {
    pids,
    run: (name, task, { progress, log, logFile }) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new ParallaxError(`stage ${name}: stopped`, 'start again'));
        const child = idle.pop() ?? start();
        const words = (text: Buffer) => {
          for (const line of text.toString().split('\n')) if (line !== '') log(line);
        };
        const leave = (settle: () => void) => {
          child.off('message', hear).off('close', exit).off('error', exit);
          child.stdout!.off('data', words);
          child.stderr!.off('data', words);
          settle();
        };
        const hear = (report: Report) => {
          if (report.type === 'progress') progress(report.done, report.total, report.unit);
          else if (report.type === 'log') log(report.line);
          else
            leave(() => {
              idle.push(child);
              if (report.type === 'done') resolve();
              else reject(stageError(name, report.error));
            });
        };
        const exit = (code: unknown, signal?: unknown) =>
          leave(() => {
            const how = code instanceof Error ? code.message : signal ? `signal ${signal}` : `exit code ${code}`;
            const next =
              signal === 'SIGKILL'
                ? 'the system may have run out of memory: use fewer --workers, then start again'
                : `read ${logFile}, then start again: the run goes on where it was`;
            reject(new ParallaxError(`stage ${name}: its process died (${how})`, next));
          });
        child.on('message', hear).on('close', exit).on('error', exit);
        child.stdout!.on('data', words);
        child.stderr!.on('data', words);
        child.send(task, (error) => {
          if (error) exit(error);
        });
      }),
    close: () => {
      closed = true;
      for (const child of all) child.kill('SIGKILL');
    },
  };
}
