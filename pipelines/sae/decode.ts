import { prepare } from './input.ts';
import type { SparseRows } from './sparse.ts';
import type { Sae } from './types.ts';

/** `u^ = f wDec + bDec`, `[tokens, d]`, summed in float64. */
export function decodeScaled(sae: Sae, f: SparseRows): Float32Array {
  const { d, wDec, bDec } = sae;
  const tokens = f.offsets.length - 1;
  const out = new Float32Array(tokens * d);
  const sum = new Float64Array(d);
  for (let t = 0; t < tokens; t += 1) {
    sum.set(bDec);
    for (let e = f.offsets[t]!; e < f.offsets[t + 1]!; e += 1) {
      const value = f.value[e]!;
      const row = f.index[e]! * d;
      for (let i = 0; i < d; i += 1) sum[i]! += value * wDec[row + i]!;
    }
    out.set(sum, t * d);
  }
  return out;
}

/** The reconstruction of `x [tokens, d]` from its feature activations, in the units of `x`. */
export const reconstruct = (sae: Sae, x: Float32Array, f: SparseRows): Float32Array =>
  prepare(sae, x).restore(decodeScaled(sae, f));
