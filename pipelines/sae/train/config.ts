import { ParallaxError } from '#pipelines/config/errors.ts';

export type TrainedKind = 'relu' | 'topk' | 'batchtopk' | 'jumprelu';

/** Sizes and activation of a dictionary in training. */
export interface Shape {
  readonly d: number;
  readonly n: number;
  readonly activation: TrainedKind;
  /** TopK and BatchTopK; a mean a token, so it need not be whole for BatchTopK. */
  readonly k?: number;
  readonly scale: number;
  readonly applyBDec: boolean;
}

/** `loss = FVU + l1 R + l0.coefficient (L0/l0.target - 1)^2 + aux.coefficient A`; parts that are absent are 0. */
export interface Loss {
  readonly l1?: number;
  readonly l0?: { readonly coefficient: number; readonly target: number; readonly bandwidth: number };
  readonly aux?: { readonly coefficient: number; readonly k: number; readonly deadAfter: number };
}

export interface TrainConfig extends Shape {
  readonly loss: Loss;
  readonly adam: { readonly lr: number; readonly betas: readonly [number, number]; readonly eps: number };
  /** Lengths in steps; a factor is 1 where its length is 0. */
  readonly schedule: { readonly warmup: number; readonly decay: number; readonly total: number };
  readonly decoder: { readonly unitNorm: boolean; readonly projectGradient: boolean };
  /** BatchTopK: rate at which the threshold follows the smallest kept entry. */
  readonly thresholdLr?: number;
}

/** Rectangle kernel of JumpReLU's estimators where no L0 term states one (method.md). */
export const BANDWIDTH = 1e-3;

/** Throws on what no engine can train. */
export function checkConfig(config: TrainConfig): void {
  const { activation, k, n } = config;
  const sparse = activation === 'topk' || activation === 'batchtopk';
  if (sparse && !(k !== undefined && k > 0 && k <= n))
    throw new ParallaxError(
      `dictionary: k is ${k}, activation ${activation} has ${n} features`,
      `choose k from 1 to ${n}`,
    );
  if (activation === 'topk' && !Number.isInteger(k))
    throw new ParallaxError(`dictionary: k is ${k} for topk`, 'choose a whole number, or batchtopk');
}

/** Learning rate of step `t`, counted from 1: `lr min(1, t/warmup) min(1, (total - t + 1)/decay)`. */
export function learningRate({ adam, schedule }: Pick<TrainConfig, 'adam' | 'schedule'>, t: number): number {
  const { warmup, decay, total } = schedule;
  const up = warmup > 0 ? Math.min(1, t / warmup) : 1;
  const down = decay > 0 ? Math.min(1, (total - t + 1) / decay) : 1;
  return adam.lr * up * down;
}
