import { random } from '#pipelines/data/random.ts';
import { transpose } from '../formats/weights.ts';
import type { Sae } from '../types.ts';
import type { Shape } from './config.ts';
import { type Parameters, startState, type TrainState } from './state.ts';

/**
 * Activation normalisation from sample rows `x [T,d]`: the power of two nearest to `sqrt(d) / mean norm`, so that moving it into
 * the weights, as SAELens wants them, is exact.
 */
export function scaleOf(x: Float32Array, d: number): number {
  let norms = 0;
  for (let j = 0; j < x.length; j += d) {
    let squares = 0;
    for (let i = 0; i < d; i += 1) squares += x[j + i]! ** 2;
    norms += Math.sqrt(squares);
  }
  return 2 ** Math.round(Math.log2((Math.sqrt(d) * (x.length / d)) / norms));
}

/** Mean of rows, `[d]`. */
export function meanOf(x: Float32Array, d: number): Float64Array {
  const mean = new Float64Array(d);
  for (let j = 0; j < x.length; j += d) for (let i = 0; i < d; i += 1) mean[i]! += x[j + i]!;
  return mean.map((v) => v / (x.length / d));
}

/** Geometric median of rows by Weiszfeld's iteration from the mean, `[d]`. */
export function geometricMedian(x: Float32Array, d: number, iterations = 30): Float64Array {
  let at = meanOf(x, d);
  for (let round = 0; round < iterations; round += 1) {
    const next = new Float64Array(d);
    let weights = 0;
    for (let j = 0; j < x.length; j += d) {
      let squares = 0;
      for (let i = 0; i < d; i += 1) squares += (x[j + i]! - at[i]!) ** 2;
      const weight = 1 / Math.max(Math.sqrt(squares), 1e-12);
      weights += weight;
      for (let i = 0; i < d; i += 1) next[i]! += weight * x[j + i]!;
    }
    at = next.map((v) => v / weights);
  }
  return at;
}

const CENTRES = { mean: meanOf, 'geometric-median': geometricMedian } as const;
export type Centre = keyof typeof CENTRES;

/** A first state: `bDec` at the centre of sample rows, random unit decoder rows, the encoder their transpose. */
export function initial(shape: Shape, x: Float32Array, seed: number, centre: Centre): TrainState {
  const { d, n, scale } = shape;
  const source = random(seed, 'dictionary');
  const wDec = Float32Array.from({ length: n * d }, () => source.normal());
  for (let i = 0; i < n; i += 1) {
    const row = wDec.subarray(i * d, (i + 1) * d);
    const norm = Math.hypot(...row);
    for (let j = 0; j < d; j += 1) row[j]! /= norm;
  }
  const params: Parameters = {
    wEnc: transpose(wDec, n, d),
    bEnc: new Float32Array(n),
    wDec,
    bDec: Float32Array.from(CENTRES[centre](x, d), (v) => v * scale),
    ...(shape.activation === 'jumprelu' ? { logThreshold: new Float32Array(n).fill(Math.log(0.1)) } : {}),
  };
  return startState(shape, params);
}

/** The state from which a trained dictionary is adapted: same features, moments at zero. */
export function adapted(shape: Shape, sae: Sae): TrainState {
  const { wEnc, bEnc, wDec, bDec, threshold } = sae;
  const all = shape.activation === 'jumprelu' ? { logThreshold: threshold!.map(Math.log) } : {};
  const state = startState(shape, { wEnc, bEnc, wDec, bDec, ...all });
  return { ...state, threshold: threshold?.[0] ?? 0 };
}

/** The dictionary of a state. */
export function dictionaryOf(shape: Shape, { params, threshold }: TrainState): Sae {
  const { d, n, activation, k, scale, applyBDec } = shape;
  return {
    ...{ d, n, activation, scale, applyBDec },
    ...(k === undefined ? {} : { k }),
    ...{ wEnc: params.wEnc!, bEnc: params.bEnc!, wDec: params.wDec!, bDec: params.bDec! },
    ...(activation === 'jumprelu' ? { threshold: params.logThreshold!.map(Math.exp) } : {}),
    ...(activation === 'batchtopk' ? { threshold: Float32Array.of(threshold) } : {}),
  };
}
