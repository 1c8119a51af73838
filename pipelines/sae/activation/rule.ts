import type { Sae } from '../types.ts';

/** Receives the positive entries of one row, features ascending. */
export interface EntrySink {
  push(index: number, value: number): void;
}

/** One activation function: what it needs, how it picks, and how SAELens writes it down. */
export interface ActivationRule {
  /** Fields of `Sae` that must be there. */
  readonly needs: readonly ('k' | 'threshold' | 'gate')[];
  /** Inference on one row of pre-activations `[n]`. */
  select(z: Float32Array, sae: Sae, out: EntrySink): void;
}
