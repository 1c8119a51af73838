import type { Parameters } from './state.ts';

/** What a step needs beside its tokens. */
export interface StepInput {
  readonly lr: number;
  /** Step number, from 1: Adam's bias correction. */
  readonly t: number;
  /** `sum |u - mean u|^2` over the step's tokens. */
  readonly spread: number;
  /** 1 for each feature that is dead before the step; absent where none is or there is no auxiliary loss. */
  readonly dead?: Uint8Array;
}

/** Taken in the forward pass, before the update. */
export interface StepOutcome {
  readonly loss: number;
  readonly fvu: number;
  readonly l0: number;
  readonly aux: number;
  /** 1 for each feature that fired on a token of the step. */
  readonly fired: Uint8Array;
  /** BatchTopK: the smallest positive activation; infinite where none fired. */
  readonly least: number;
}

/** Holds parameters and moments, and moves them by one step. */
export interface StepEngine {
  /** @param x `[T, d]`, kept tokens only, in the model's units */
  step(x: Float32Array, input: StepInput): Promise<StepOutcome>;
  /** Copies, shaped as `TrainState` says. */
  read(): { readonly params: Parameters; readonly m: Parameters; readonly v: Parameters };
  close(): Promise<void>;
}
