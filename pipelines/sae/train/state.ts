import type { TrainConfig } from './config.ts';

export const PARAMETERS = ['wEnc', 'bEnc', 'wDec', 'bDec', 'logThreshold'] as const;
export type Parameter = (typeof PARAMETERS)[number];

/** One array a parameter: `wEnc [d,n]`, `bEnc [n]`, `wDec [n,d]`, `bDec [d]`, and for JumpReLU `logThreshold [n]`. */
export type Parameters = Readonly<Partial<Record<Parameter, Float32Array>>>;

/** All that training carries from one step to the next. */
export interface TrainState {
  /** Steps done. */
  readonly step: number;
  readonly params: Parameters;
  /** Adam's moments, shaped as the parameters. */
  readonly m: Parameters;
  readonly v: Parameters;
  /** Tokens since each feature fired, `[n]`. */
  readonly sinceFired: Float64Array;
  /** BatchTopK. */
  readonly threshold: number;
}

/** Parameters of a kind, with the shapes in which the state holds them. */
export function shapes({ d, n, activation }: Pick<TrainConfig, 'd' | 'n' | 'activation'>): Record<string, number[]> {
  const all = { wEnc: [d, n], bEnc: [n], wDec: [n, d], bDec: [d] };
  return activation === 'jumprelu' ? { ...all, logThreshold: [n] } : all;
}

/** A state before its first step, moments zero. */
export function startState(config: Pick<TrainConfig, 'd' | 'n' | 'activation'>, params: Parameters): TrainState {
  const zeros = () =>
    Object.fromEntries(
      Object.entries(shapes(config)).map(([name, dims]) => [name, new Float32Array(dims.reduce((a, b) => a * b))]),
    );
  return { step: 0, params, m: zeros(), v: zeros(), sinceFired: new Float64Array(config.n), threshold: 0 };
}
