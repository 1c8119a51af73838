import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../config/replace-file.ts';
import type { TrainDemoConfig } from '../../config/train.ts';
import { readCheckpoint, weightsFile, writeCheckpoint } from '../../models/train/checkpoint.ts';
import type { Weights } from '../../models/train/init.ts';
import { logSpaced } from '../../models/train/schedule.ts';
import { openTrainer, startState } from '../../models/train/trainer.ts';
import { matmulRow } from '../bench/machine.ts';
import type { Progress } from '../run/progress.ts';
import { rateOf, type Stage, type StageName } from './stages.ts';

/** Where a training keeps what it needs to go on, and tells of itself. */
export const checkpointPath = (out: string, name: StageName) => join(out, 'checkpoints', `${name}.safetensors`);
export const logPath = (out: string, name: StageName) => join(out, 'log', `${name}.jsonl`);
export const snapshotPath = (out: string, step: number) =>
  join(out, 'steps', String(step).padStart(5, '0'), 'model.safetensors');

interface Line {
  readonly step: number;
}

/** Drops the lines of steps that a killed training had not kept. */
async function trimLog(path: string, from: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => {
    try {
      return (JSON.parse(line) as Line).step <= from;
    } catch {
      return false;
    }
  });
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
}

/** Means of figures over the steps since the last line. */
class Window {
  #sums: Record<string, number> = {};
  #count = 0;

  add(figures: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(figures)) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    this.#count += 1;
  }

  take(): Record<string, number> {
    const count = this.#count;
    const means = Object.fromEntries(
      Object.entries(this.#sums).map(([name, sum]) => [name, Number((sum / count).toPrecision(5))]),
    );
    [this.#sums, this.#count] = [{}, 0];
    return means;
  }
}

interface Run {
  readonly out: string;
  readonly name: StageName;
  readonly key: string;
  readonly config: TrainDemoConfig;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Keep the weights at steps spaced logarithmically. */
  readonly snapshots: boolean;
  /** Shares of right answers on a few held-out scenes, for the log. */
  readonly probe?: (weights: Weights) => Promise<Record<string, number>>;
}

/** Trains a stage to its last step, from its checkpoint where there is one. Undefined where it was stopped on the way. */
export async function runStage(stage: Stage, run: Run): Promise<Weights | undefined> {
  const { out, name, key, config, progress, signal } = run;
  const { steps } = stage.cycle;
  const path = checkpointPath(out, name);
  await mkdir(join(out, 'checkpoints'), { recursive: true });
  const state = (await readCheckpoint(path, key, stage.graph.table)) ?? startState(stage.start);
  if (state.step >= steps) return state.params;
  await mkdir(join(out, 'log'), { recursive: true });
  await trimLog(logPath(out, name), state.step);
  const kept = new Set(run.snapshots ? logSpaced(steps, config.snapshots) : []);
  const trainer = await openTrainer(stage.graph, state, config.threads);
  const snapshot = async (step: number) => {
    if (!kept.has(step)) return;
    await mkdir(join(snapshotPath(out, step), '..'), { recursive: true });
    await replaceFile(snapshotPath(out, step), weightsFile(stage.graph.table, trainer.state().params));
  };
  const save = () => writeCheckpoint(path, key, stage.graph.table, trainer.state());
  progress.start(name);
  const started = performance.now();
  try {
    const window = new Window();
    let [began, flops, counted] = [performance.now(), 0, 0];
    let feeds = stage.lesson(state.step);
    for (let step = state.step; step < steps; ) {
      await snapshot(step);
      const running = trainer.step(feeds, rateOf(stage, step));
      flops += stage.flops(feeds);
      counted += stage.tokens;
      // the next lesson is made while the step runs
      if (step + 1 < steps) feeds = stage.lesson(step + 1);
      window.add(await running);
      step += 1;
      if (step % config.saveEvery === 0 || step === steps || signal.aborted) await save();
      if (step % config.logEvery === 0 || step === steps) {
        const seconds = (performance.now() - began) / 1000;
        const { figure } = await matmulRow(config.threads);
        const speed = {
          tokens_per_s: Math.round(counted / seconds),
          gflops: Number((flops / seconds / 1e9).toFixed(1)),
          matmul_gflops: Number(figure.toFixed(1)),
        };
        const probed =
          run.probe && step % config.probeEvery === 0 ? { held_out: await run.probe(trainer.state().params) } : {};
        const line = {
          stage: name,
          step,
          of: steps,
          lr: rateOf(stage, step - 1),
          ...window.take(),
          ...speed,
          ...probed,
        };
        await writeFile(logPath(out, name), `${JSON.stringify(line)}\n`, { flag: 'a' });
        [began, flops, counted] = [performance.now(), 0, 0];
      }
      progress.update(name, step, steps, 'steps');
      if (signal.aborted) return undefined;
    }
    await snapshot(steps);
    progress.finish(name, (performance.now() - started) / 1000);
    return trainer.state().params;
  } finally {
    await trainer.close();
  }
}
