import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { requireFinite, undefinedFor } from './errors.ts';

/**
 * Orthogonal Procrustes (Schoenemann 1966): the orthogonal `R [d,d]`, reflections allowed, that minimises `|a R - b|`.
 * `R = U V^T` of `a^T b = U Z V^T`. `a`, `b` are `[m, d]` row-major.
 */
export function procrustes(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  if (a.length !== b.length) throw undefinedFor('Procrustes', 'b', `has ${b.length} elements for ${a.length} of a`);
  requireFinite('Procrustes', 'a', a);
  requireFinite('Procrustes', 'b', b);
  const svd = new SingularValueDecomposition(crossProduct(a, b, d), { autoTranspose: true });
  const u = svd.leftSingularVectors;
  const v = svd.rightSingularVectors;
  const r = u.mmul(v.transpose());
  const rotation = new Float64Array(d * d);
  for (let i = 0; i < d; i += 1) for (let j = 0; j < d; j += 1) rotation[i * d + j] = r.get(i, j);
  return rotation;
}

/** `a^T b [d, d]` in double precision. */
function crossProduct(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Matrix {
  const product = Array.from({ length: d }, () => new Float64Array(d));
  for (let row = 0; row < a.length; row += d)
    for (let i = 0; i < d; i += 1) {
      const x = a[row + i]!;
      if (x === 0) continue;
      const out = product[i]!;
      for (let j = 0; j < d; j += 1) out[j]! += x * b[row + j]!;
    }
  return new Matrix(product.map((values) => Array.from(values)));
}

/** Rows of `a [m, d]` times `rotation [d, d]`. */
export function rotateRows(a: ArrayLike<number>, rotation: Float64Array, d: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let row = 0; row < a.length; row += d) {
    const sum = out.subarray(row, row + d);
    for (let i = 0; i < d; i += 1) {
      const x = a[row + i]!;
      const along = rotation.subarray(i * d, (i + 1) * d);
      for (let j = 0; j < d; j += 1) sum[j]! += x * along[j]!;
    }
  }
  return out;
}

/** `|a R - b| / |b|`, Frobenius. */
export function procrustesResidual(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rotation: Float64Array,
  d: number,
): number {
  const rotated = rotateRows(a, rotation, d);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < rotated.length; i += 1) {
    difference += (rotated[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  if (norm === 0) throw undefinedFor('Procrustes', 'b', 'is 0 everywhere');
  return Math.sqrt(difference / norm);
}
