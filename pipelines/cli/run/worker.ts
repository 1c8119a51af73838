// Process that runs stages, one at a time. Started by `pool.ts`; never outlives the process that started it.
import { Worker } from 'node:worker_threads';
import type { StageRun } from '../../config/stage.ts';
import type { RemoteError, Report, Task } from './protocol.ts';

/** Milliseconds between two progress reports of a stage. */
const PACE = 100;

// A thread of its own, since a stage may compute for seconds without looking at its messages.
const watch = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL'); }, 200);`;
new Worker(watch, { eval: true }).unref();
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C reaches the whole group: the runner decides what becomes of a stage.
process.on('SIGINT', () => {});

const send = (report: Report) => process.send!(report);

function remote(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, next, code } = error as Error & { next?: unknown; code?: unknown };
  return {
    message,
    ...(typeof next === 'string' ? { next } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack ? { stack } : {}),
  };
}

process.on('message', async ({ module, ...context }: Task) => {
  let last = 0;
  try {
    const url = module.startsWith('file:') ? module : new URL(`../../${module}`, import.meta.url).href;
    const { run } = (await import(url)) as { run: StageRun };
    await run({
      ...context,
      progress: (done, total, unit) => {
        const now = performance.now();
        if (done < total && now - last < PACE) return;
        last = now;
        send({ type: 'progress', done, total, unit });
      },
      log: (line) => send({ type: 'log', line }),
    });
    send({ type: 'done' });
  } catch (error) {
    send({ type: 'failed', error: remote(error) });
  }
});
