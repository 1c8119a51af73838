import type { Device } from '#graph/types.ts';
import type { TrainConfig } from './config.ts';
import { addRow, emptyLog, isLogged, type LogColumns } from './log.ts';
import type { TrainState } from './state.ts';
import { openTrainer } from './trainer.ts';

export interface TrainRun {
  readonly config: TrainConfig;
  readonly start: TrainState;
  /** The log so far, where `start` is a checkpoint. */
  readonly log?: LogColumns;
  /** Batches from step `start.step + 1` on: `x [B,d]` and, where some tokens do not count, a mask `[B]`. */
  readonly batches: AsyncIterable<{ readonly x: Float32Array; readonly mask?: ArrayLike<number> }>;
  readonly device?: Device;
  readonly threads?: number;
  /** Steps between entries of the log (default: a hundredth of the run). */
  readonly logEvery?: number;
  /** Tokens without firing that make a feature count as dead in the log. */
  readonly deadAfter?: number;
  /** Called every `checkpointEvery` steps, and not after the last. */
  readonly checkpoint?: (at: { state: TrainState; log: LogColumns }) => Promise<void>;
  readonly checkpointEvery?: number;
  readonly progress?: (done: number, total: number) => void;
}

/** Trains to `schedule.total` steps. A pure function of state, batches and configuration; a stopped run goes on to the same bytes. */
export async function trainSae(run: TrainRun): Promise<{ state: TrainState; log: LogColumns }> {
  const { config, start, checkpointEvery = 200 } = run;
  const { total } = config.schedule;
  const logEvery = run.logEvery ?? Math.max(1, Math.floor(total / 100));
  const log: LogColumns = structuredClone(run.log ?? emptyLog());
  const trainer = await openTrainer(config, start, {
    ...(run.device ? { device: run.device } : {}),
    ...(run.threads ? { threads: run.threads } : {}),
  });
  try {
    let step = start.step;
    if (step < total)
      for await (const { x, mask } of run.batches) {
        const outcome = await trainer.step(x, mask);
        step += 1;
        if (isLogged(step, total, logEvery)) addRow(log, step, outcome, trainer.dead(run.deadAfter) / config.n);
        run.progress?.(step, total);
        if (step >= total) break;
        if (run.checkpoint && step % checkpointEvery === 0) await run.checkpoint({ state: trainer.state(), log });
      }
    return { state: trainer.state(), log };
  } finally {
    await trainer.close();
  }
}
