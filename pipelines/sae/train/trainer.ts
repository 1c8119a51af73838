import type { Device } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { checkConfig, learningRate, type TrainConfig } from './config.ts';
import { cpuEngine } from './cpu/engine.ts';
import { cpuFits } from './cpu/memory.ts';
import type { StepEngine, StepOutcome } from './engine.ts';
import { graphEngine } from './graph-engine.ts';
import type { TrainState } from './state.ts';

export interface Trainer {
  /** One step on tokens `x [B,d]`; those whose mask is 0 are dropped first. */
  step(x: Float32Array, mask?: ArrayLike<number>): Promise<StepOutcome>;
  /** Everything that a later trainer needs to go on with the same bytes. */
  state(): TrainState;
  /** Features dead by the auxiliary loss's count, or by `after` tokens. */
  dead(after?: number): number;
  close(): Promise<void>;
}

/** Rows of `x [B,d]` whose mask is not 0. */
export function keepRows(x: Float32Array, d: number, mask: ArrayLike<number>): Float32Array {
  const kept = Array.from(mask).flatMap((m, t) => (m ? [t] : []));
  const out = new Float32Array(kept.length * d);
  for (const [i, t] of kept.entries()) out.set(x.subarray(t * d, (t + 1) * d), i * d);
  return out;
}

/** `sum |u - mean u|^2` of `u = scale x`, the mean over the tokens of `x [T,d]`; exactly 0 where all tokens are equal. */
export function spreadOf(x: Float32Array, d: number, scale: number): number {
  const tokens = x.length / d;
  const mean = new Float64Array(d);
  for (let j = 0; j < x.length; j += d) for (let i = 0; i < d; i += 1) mean[i]! += x[j + i]!;
  for (let i = 0; i < d; i += 1) mean[i]! /= tokens;
  let sum = 0;
  for (let j = 0; j < x.length; j += d) for (let i = 0; i < d; i += 1) sum += (x[j + i]! - mean[i]!) ** 2;
  return sum * scale * scale;
}

export interface TrainerOptions {
  readonly device?: Device;
  readonly threads?: number;
  /** Largest batch, from which the fast path's memory is judged (default 1024). */
  readonly batch?: number;
  /** `auto`: the CPU's own where the device and the memory allow it, else the dense graph. */
  readonly engine?: 'auto' | 'graph' | 'cpu';
}

/** Chooses the engine; both compute the same step. */
function openEngine(config: TrainConfig, start: TrainState, options: TrainerOptions): Promise<StepEngine> {
  const { device = 'cpu', batch = 1024, engine = 'auto' } = options;
  const fast = engine === 'auto' ? device === 'cpu' && cpuFits(config, batch) : engine === 'cpu';
  return fast ? cpuEngine(config, start, options) : graphEngine(config, start, options);
}

/** Opens a trainer at a state; the same state and batches give the same bytes. */
export async function openTrainer(
  config: TrainConfig,
  start: TrainState,
  options: TrainerOptions = {},
): Promise<Trainer> {
  checkConfig(config);
  const engine = await openEngine(config, start, options);
  const sinceFired = Float64Array.from(start.sinceFired);
  const { aux } = config.loss;
  let { step, threshold } = start;
  const countDead = (after: number) => sinceFired.reduce((count, tokens) => count + Number(tokens >= after), 0);
  return {
    async step(x, mask) {
      const rows = mask ? keepRows(x, config.d, mask) : x;
      const tokens = rows.length / config.d;
      if (tokens === 0)
        throw new ParallaxError(
          `training step ${step + 1}: the mask leaves no token`,
          'choose another mask or more data',
        );
      const spread = spreadOf(rows, config.d, config.scale);
      if (!(spread > 0))
        throw new ParallaxError(
          `training step ${step + 1}: the tokens are all equal, FVU has no denominator`,
          'check the activations, or take more tokens a batch',
        );
      const dead = aux && countDead(aux.deadAfter) > 0;
      const outcome = await engine.step(rows, {
        lr: learningRate(config, step + 1),
        t: step + 1,
        spread,
        ...(dead ? { dead: Uint8Array.from(sinceFired, (s) => Number(s >= aux.deadAfter)) } : {}),
      });
      if (!Number.isFinite(outcome.loss))
        throw new ParallaxError(
          `training step ${step + 1}: the loss is ${outcome.loss}`,
          'training has diverged: check the activations, or lower the learning rate',
        );
      for (let i = 0; i < config.n; i += 1) sinceFired[i] = outcome.fired[i] ? 0 : sinceFired[i]! + tokens;
      const rate = config.thresholdLr ?? 0;
      if (config.activation === 'batchtopk' && Number.isFinite(outcome.least))
        threshold = (1 - rate) * threshold + rate * outcome.least;
      step += 1;
      return outcome;
    },
    state: () => ({ step, ...engine.read(), sinceFired: sinceFired.slice(), threshold }),
    dead: (after = aux?.deadAfter ?? Number.POSITIVE_INFINITY) => countDead(after),
    close: () => engine.close(),
  };
}
