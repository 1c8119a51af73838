import type { Random } from '../random.ts';

const LEVELS = 65536;

/** Quantile of the standard normal (Acklam's rational approximation, relative error below 1.2e-9); `p` in (0, 0.5]. */
function lowerQuantile(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    const top =
      (((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q;
    const bottom = ((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416;
    return ((top + 4.374664141464968) * q + 2.938163982698783) / (bottom * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  const top = (((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r;
  const bottom = (((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r;
  return (((top - 30.66479806614716) * r + 2.506628277459239) * q) / ((bottom - 13.28068155288572) * r + 1);
}

let table: Float32Array | undefined;

/** The normal in 65,536 equally likely values: one look-up a draw. */
function quantiles(): Float32Array {
  if (table) return table;
  table = new Float32Array(LEVELS);
  for (let i = 0; i < LEVELS / 2; i++) {
    const quantile = lowerQuantile((i + 0.5) / LEVELS);
    table[i] = quantile;
    table[LEVELS - 1 - i] = -quantile;
  }
  return table;
}

/** Adds independent normal noise of standard deviation `sd` to every value; two values a draw of 32 bits. */
export function addNoise(values: Float32Array, sd: number, random: Random): void {
  const normal = quantiles();
  for (let i = 0; i < values.length; i += 2) {
    const bits = random.bits();
    values[i]! += sd * normal[bits & 0xffff]!;
    if (i + 1 < values.length) values[i + 1]! += sd * normal[bits >>> 16]!;
  }
}
