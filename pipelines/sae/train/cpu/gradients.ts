import type { Block } from './memory.ts';

/** Gradient of one feature: addresses of its rows, of its encoder bias, and the sum of its activations. */
export interface Gradient {
  readonly dec: number;
  readonly enc: number;
  readonly bias: number;
  readonly mass: number;
}

/** Gradients of a step: a block of features is made ready, then each is asked for in turn. */
export interface Gradients {
  readonly blocks: readonly Block[];
  prepare(block: Block): Promise<void>;
  of(feature: number, block: Block): Gradient;
}
