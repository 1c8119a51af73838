/** A feature and how alike it is, -1..1. */
export interface Similar {
  readonly index: number;
  readonly value: number;
}

/** The `count` largest of a row of similarities, ties by index. */
export function largest(row: ArrayLike<number>, count: number, skip = -1): Similar[] {
  const out: Similar[] = [];
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index]!;
    if (index === skip || !(out.length < count || value > out.at(-1)!.value)) continue;
    let at = out.length;
    while (at > 0 && out[at - 1]!.value < value) at -= 1;
    out.splice(at, 0, { index, value });
    if (out.length > count) out.pop();
  }
  return out;
}

/** Rows of `[n, d]` over their length; a zero row stays zero. */
export function unitRows(rows: Float32Array, d: number): Float32Array {
  const out = Float32Array.from(rows);
  for (let i = 0; i < out.length; i += d) {
    const row = out.subarray(i, i + d);
    const norm = Math.hypot(...row);
    if (norm > 0) for (let j = 0; j < d; j += 1) row[j]! /= norm;
  }
  return out;
}

/** Columns of `[rows, n]` as unit rows `[n, rows]` about their mean, so that their products are Pearson correlations. */
export function centredColumns(matrix: Float32Array, rows: number, n: number): Float32Array {
  const out = new Float32Array(n * rows);
  for (let i = 0; i < n; i += 1) {
    let mean = 0;
    for (let r = 0; r < rows; r += 1) mean += matrix[r * n + i]! / rows;
    for (let r = 0; r < rows; r += 1) out[i * rows + r] = matrix[r * n + i]! - mean;
  }
  return unitRows(out, rows);
}

/** For every unit row of `a`, the rows of `b` with the largest product. Zero rows are like nothing. */
export function nearest(
  a: Float32Array,
  b: Float32Array,
  d: number,
  count: number,
  options: { readonly same: boolean },
): Similar[][] {
  const [n, m] = [a.length / d, b.length / d];
  const products = new Float32Array(m);
  return Array.from({ length: n }, (_, i) => {
    for (let k = 0; k < m; k += 1) {
      let sum = 0;
      for (let j = 0; j < d; j += 1) sum += a[i * d + j]! * b[k * d + j]!;
      products[k] = sum;
    }
    return largest(products, count, options.same ? i : -1).filter((s) => s.value > 0);
  });
}
