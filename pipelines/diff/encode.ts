import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import type { SparseFeatures } from './features.ts';

/** Pre-activations `z = (scale x - bDec [applyBDec]) wEnc + bEnc` of rows `x [tokens, d]`, `[tokens, n]` in double precision. */
function preActivations(sae: Sae, x: ArrayLike<number>): Float64Array {
  const { d, n, wEnc, bEnc, bDec, scale, applyBDec } = sae;
  const tokens = x.length / d;
  const z = new Float64Array(tokens * n);
  for (let t = 0; t < tokens; t += 1) {
    const row = z.subarray(t * n, (t + 1) * n);
    row.set(bEnc);
    for (let j = 0; j < d; j += 1) {
      const u = scale * x[t * d + j]! - (applyBDec ? bDec[j]! : 0);
      const weights = wEnc.subarray(j * n, (j + 1) * n);
      for (let i = 0; i < n; i += 1) row[i]! += u * weights[i]!;
    }
  }
  return z;
}

/** Sets all but the `k` largest entries to 0; of equal ones the first stay. */
function keepLargest(row: Float64Array, k: number): void {
  if (k >= row.length) return;
  const threshold = Float64Array.from(row).sort()[row.length - k]!;
  let spare = k;
  for (const z of row) if (z > threshold) spare -= 1;
  for (let i = 0; i < row.length; i += 1) {
    if (row[i]! > threshold) continue;
    if (row[i] === threshold && spare > 0) spare -= 1;
    else row[i] = 0;
  }
}

const rectify = (z: Float64Array): void => {
  for (let i = 0; i < z.length; i += 1) if (!(z[i]! > 0)) z[i] = 0;
};

function jump(z: Float64Array, n: number, threshold: Float32Array | undefined): void {
  if (!threshold)
    throw new ParallaxError('threshold: the dictionary has none', 'give a dictionary whose threshold was learnt');
  for (let i = 0; i < z.length; i += 1)
    if (!(z[i]! > 0 && z[i]! > threshold[threshold.length === 1 ? 0 : i % n]!)) z[i] = 0;
}

/** Activation function -> what it does to pre-activations `[tokens, n]`, in place. */
const ACTIVATIONS: Readonly<Record<string, (z: Float64Array, sae: Sae) => void>> = {
  relu: (z) => rectify(z),
  topk(z, { n, k }) {
    for (let from = 0; from < z.length; from += n) keepLargest(z.subarray(from, from + n), k ?? n);
    rectify(z);
  },
  batchtopk(z, { n, k, threshold }) {
    if (threshold) return jump(z, n, threshold);
    rectify(z);
    keepLargest(z, Math.floor((k ?? n) * (z.length / n)));
  },
  jumprelu: (z, { n, threshold }) => jump(z, n, threshold),
};

/**
 * Features of rows `x [tokens, d]` in double precision: the reference that golden cases and planted worlds use.
 * Streams of a real model go through the encoder of `sae/`, which gives the same shape.
 * @throws ParallaxError where the activation function is not one of one pre-activation a feature
 */
export function encodeRows(sae: Sae, x: ArrayLike<number>): SparseFeatures {
  const activate = ACTIVATIONS[sae.activation];
  if (!activate)
    throw new ParallaxError(
      `activation: ${sae.activation} is not encoded here`,
      `use one of ${Object.keys(ACTIVATIONS).join(', ')}`,
    );
  const z = preActivations(sae, x);
  activate(z, sae);
  const tokens = z.length / sae.n;
  const offsets = new Uint32Array(tokens + 1);
  const index: number[] = [];
  const value: number[] = [];
  for (let t = 0; t < tokens; t += 1) {
    for (let i = 0; i < sae.n; i += 1) {
      const f = z[t * sae.n + i]!;
      if (f === 0) continue;
      index.push(i);
      value.push(f);
    }
    offsets[t + 1] = index.length;
  }
  return { offsets, index: Uint32Array.from(index), value: Float64Array.from(value) };
}

/** Reconstruction `u^ = f wDec + bDec` of token `t` in the scaled space, into `out [d]`. */
export function reconstruct(sae: Sae, features: SparseFeatures, t: number, out: Float64Array): void {
  const { d, wDec, bDec } = sae;
  out.set(bDec);
  for (let k = features.offsets[t]!; k < features.offsets[t + 1]!; k += 1) {
    const from = features.index[k]! * d;
    const f = features.value[k]!;
    for (let j = 0; j < d; j += 1) out[j]! += f * wDec[from + j]!;
  }
}

/** `FVU = sum|u - u^|^2 / sum|u - mean u|^2` over rows `x [tokens, d]`. */
export function fractionUnexplained(sae: Sae, x: ArrayLike<number>, features: SparseFeatures): number {
  const { d, scale } = sae;
  const tokens = x.length / d;
  const mean = new Float64Array(d);
  for (let i = 0; i < x.length; i += 1) mean[i % d]! += (scale * x[i]!) / tokens;
  const back = new Float64Array(d);
  let error = 0;
  let variance = 0;
  for (let t = 0; t < tokens; t += 1) {
    reconstruct(sae, features, t, back);
    for (let j = 0; j < d; j += 1) {
      const u = scale * x[t * d + j]!;
      error += (u - back[j]!) ** 2;
      variance += (u - mean[j]!) ** 2;
    }
  }
  if (!(variance > 0)) throw new ParallaxError('x: its rows do not vary', 'give more than one token');
  return error / variance;
}
