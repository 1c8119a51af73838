import { procrustes, rotateRows } from './statistics/index.ts';

/** Scalar product of row `i` of `a` and row `k` of `b`, both `[*, d]`. */
export function rowDot(a: ArrayLike<number>, i: number, b: ArrayLike<number>, k: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j += 1) sum += a[i * d + j]! * b[k * d + j]!;
  return sum;
}

/** 2-norm of every row of `a [n, d]`. */
export const rowNorms = (a: ArrayLike<number>, d: number): Float64Array =>
  Float64Array.from({ length: a.length / d }, (_, i) => Math.sqrt(rowDot(a, i, a, i, d)));

const cosine = (dot: number, na: number, nb: number): number => (na === 0 || nb === 0 ? 0 : dot / (na * nb));

/** Cosine of each row of `a [n, d]` with the same row of `b`; 0 where a row is zero. */
export function rowCosines(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  const na = rowNorms(a, d);
  const nb = rowNorms(b, d);
  return na.map((norm, i) => cosine(rowDot(a, i, b, i, d), norm, nb[i]!));
}

/** Cosine of each column of `a [d, n]` with the same column of `b`; 0 where a column is zero. */
export function columnCosines(a: ArrayLike<number>, b: ArrayLike<number>, n: number): Float64Array {
  const [aa, bb, ab] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let from = 0; from < a.length; from += n)
    for (let i = 0; i < n; i += 1) {
      const x = a[from + i]!;
      const y = b[from + i]!;
      aa[i]! += x * x;
      bb[i]! += y * y;
      ab[i]! += x * y;
    }
  return ab.map((dot, i) => cosine(dot, Math.sqrt(aa[i]!), Math.sqrt(bb[i]!)));
}

/** `|b_i| / |a_i|` of decoder rows; 0 where `|a_i|` is. */
export function normRatios(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  const nb = rowNorms(b, d);
  return rowNorms(a, d).map((norm, i) => (norm === 0 ? 0 : nb[i]! / norm));
}

/** Rows of `a [n, d]` at unit length; a zero row stays zero. */
export function unitRows(a: ArrayLike<number>, d: number): Float64Array {
  const out = new Float64Array(a.length);
  for (const [i, norm] of rowNorms(a, d).entries())
    if (norm > 0) for (let k = i * d; k < (i + 1) * d; k += 1) out[k] = a[k]! / norm;
  return out;
}

/**
 * Cosine of each row of `a` with the same row of `b` after the one orthogonal map that brings the unit rows of `a`
 * closest to those of `b`: a rotation common to all features is no feature's rotation.
 */
export function procrustesCosines(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  const rotation = procrustes(unitRows(a, d), unitRows(b, d), d);
  return rowCosines(rotateRows(a, rotation, d), b, d);
}
