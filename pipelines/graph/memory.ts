import type { Sizes } from './feeds.ts';
import type { Forward } from './forward.ts';

/** Floats that what is computed together should take at most: of the processor's cache, and of memory. */
const BOUND = { cache: 2 ** 20, memory: 2 ** 26 } as const;

/**
 * How many metrics, or variants of a run, are computed together, at least one. The cache should hold the widest value of one, the
 * MLP's hidden layer (some 2.7 times the stream); memory all that a layer's pass holds at once: four hidden layers and three times the
 * attention's weights.
 */
export function metricsPerPass(
  forward: Forward,
  { batch, pos, past }: Sizes,
  bound: keyof typeof BOUND = 'memory',
): number {
  const { dModel, heads } = forward.anatomy;
  const floats = { cache: 2.7 * dModel, memory: 14 * dModel + 3 * heads * (pos + past) }[bound];
  return Math.max(1, Math.floor(BOUND[bound] / (batch * pos * floats)));
}

/**
 * Bytes that a gradient through some layers keeps of the forward pass: of each layer some ten values of the stream's width, six of the
 * MLP's hidden layer, and the attention's weights twice.
 */
export function keptBytes(forward: Forward, { batch, pos, past }: Sizes, layers: number): number {
  const { dModel, heads } = forward.anatomy;
  return 4 * layers * batch * pos * (26 * dModel + 2 * heads * (pos + past));
}

/** In how many parts a batch must be taken so that a gradient keeps to the bound; more than the batch has: not even one sequence fits. */
export const batchParts = (forward: Forward, sizes: Sizes, layers: number): number =>
  Math.ceil(keptBytes(forward, sizes, layers) / forward.gradientMemory);
