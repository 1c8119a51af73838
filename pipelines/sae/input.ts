import type { Sae, TokenNorm } from './types.ts';

/** What must be undone on a token's reconstruction: `x = u stretch + shift`. */
interface Restore {
  readonly stretch: number;
  readonly shift: number;
}

/** Each token norm: shift and stretch of a token `x [d]`. Formulas of SAELens 6, `normalize_activations`. */
const NORMS: Readonly<Record<TokenNorm, (x: Float32Array) => Restore>> = {
  layer(x) {
    const d = x.length;
    let sum = 0;
    for (const v of x) sum += v;
    const shift = sum / d;
    let squares = 0;
    for (const v of x) squares += (v - shift) ** 2;
    return { shift, stretch: Math.sqrt(squares / (d - 1)) };
  },
  constant(x) {
    let squares = 0;
    for (const v of x) squares += v * v;
    return { shift: 0, stretch: Math.sqrt(squares / x.length) };
  },
};

/** SAELens divides by `s + 1e-5` in layer norm and multiplies by `s` on the way out. */
const EPSILON: Readonly<Record<TokenNorm, number>> = { layer: 1e-5, constant: 0 };

/** Tokens as the dictionary reads them. */
export interface Input {
  /** `[tokens, d]`, normalised and scaled. */
  readonly u: Float32Array;
  /** `[tokens, d]`, what the encoder multiplies: `u`, less `bDec` where the dictionary says so. */
  readonly y: Float32Array;
  /** A reconstruction `[tokens, d]` of `u` as one of `x`, in place. */
  restore(reconstruction: Float32Array): Float32Array;
}

/** Prepares activations `x [tokens, d]` of a model. */
export function prepare(sae: Sae, x: Float32Array): Input {
  const { d, scale, norm, bDec } = sae;
  const tokens = x.length / d;
  const stats: Restore[] = [];
  const u = new Float32Array(x.length);
  for (let t = 0; t < tokens; t += 1) {
    const row = x.subarray(t * d, (t + 1) * d);
    const { stretch, shift } = norm ? NORMS[norm](row) : { stretch: 1, shift: 0 };
    stats.push({ stretch, shift });
    const factor = scale / (norm ? stretch + EPSILON[norm] : 1);
    for (let i = 0; i < d; i += 1) u[t * d + i] = (row[i]! - shift) * factor;
  }
  const y = sae.applyBDec ? u.map((v, j) => v - bDec[j % d]!) : u;
  return {
    u,
    y,
    restore(reconstruction) {
      for (let t = 0; t < tokens; t += 1) {
        const { stretch, shift } = stats[t]!;
        for (let j = t * d; j < (t + 1) * d; j += 1) reconstruction[j] = (reconstruction[j]! / scale) * stretch + shift;
      }
      return reconstruction;
    },
  };
}
