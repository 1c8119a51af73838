import { f32, i64 } from '../tensor.ts';
import type { Decoder, DecoderInputs, Device, Metric } from '../types.ts';
import type { BenchRow, PairOptions, Ratio, Timing } from './time.ts';

export interface BenchOptions {
  readonly device?: Device;
  readonly threads?: number;
  /** Repetitions of what is measured by itself. */
  readonly rounds?: number;
  /** How often what is compared takes turns. */
  readonly pairs?: PairOptions;
}

/** What is measured: a decoder, a batch, and how many metrics and heads. */
export interface BenchCase {
  readonly name: string;
  readonly path: string;
  readonly batch: number;
  readonly pos: number;
  readonly layer: number;
  readonly targets: number;
  /** Heads that are patched: all up to the layer, or the first of each layer. */
  readonly heads: 'all' | 'one a layer';
  /** Goal of an attribution against a whole forward pass. */
  readonly wholeLimit?: number;
}

export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Tokens that look like text to the arithmetic: the same for the same seed. */
export function tokens({ anatomy }: Decoder, { batch, pos }: BenchCase, seed: number): DecoderInputs {
  const { input, kind } = anatomy.tokens;
  const at = (i: number) => Math.sin(12.9898 * (i + 1) + 78.233 * seed);
  if (kind === 'embeddings')
    return {
      [input]: f32(
        Float32Array.from({ length: batch * pos * anatomy.dModel }, (_, i) => at(i)),
        [batch, pos, anatomy.dModel],
      ),
    };
  return {
    [input]: i64(
      upTo(batch * pos).map((i) => Math.floor(Math.abs(at(i)) * anatomy.vocab)),
      [batch, pos],
    ),
  };
}

/** Directions of `count` features, read at every position. */
export const metricOf = ({ anatomy }: Decoder, { batch, pos, layer }: BenchCase, count: number): Metric => ({
  at: `blocks.${layer}.hook_resid_post`,
  direction: f32(
    Float32Array.from({ length: count * anatomy.dModel }, (_, i) => Math.sin(7 * i + 1)),
    [count, anatomy.dModel],
  ),
  mask: f32(new Float32Array(batch * pos).fill(1), [batch, pos]),
  activation: 'identity',
});

/** A row of a measured time, and how it compares. */
export const row = (
  name: string,
  { ms, n, spread }: Timing,
  compared?: { readonly ratio: Ratio; readonly cpu: Ratio },
  limit?: number,
): BenchRow => ({
  name,
  figure: ms,
  unit: 'ms',
  ...(compared ? { ratio: compared.ratio.ratio, interval: compared.ratio.interval, cpu: compared.cpu } : {}),
  ...(limit === undefined ? {} : { limit }),
  n: compared?.ratio.n ?? n,
  spread,
});
