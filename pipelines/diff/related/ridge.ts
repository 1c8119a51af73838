import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** Penalties tried, in units of the kernel's mean diagonal. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1, 10] as const;

/** Rows `[samples, d]` of some samples. */
export interface Rows {
  readonly d: number;
  readonly data: Float64Array;
}

/** `x x'^T` of centred rows. */
function kernel(a: Rows, b: Rows): Matrix {
  const [m, n] = [a.data.length / a.d, b.data.length / b.d];
  const out = Matrix.zeros(m, n);
  for (let i = 0; i < m; i += 1)
    for (let k = 0; k < n; k += 1) {
      let sum = 0;
      for (let j = 0; j < a.d; j += 1) sum += a.data[i * a.d + j]! * b.data[k * b.d + j]!;
      out.set(i, k, sum);
    }
  return out;
}

const means = (rows: readonly ArrayLike<number>[]): Float64Array => {
  const sum = new Float64Array(rows[0]!.length);
  for (const row of rows) for (let j = 0; j < sum.length; j += 1) sum[j]! += row[j]! / rows.length;
  return sum;
};
const centred = ({ d, data }: Rows, mean: Float64Array): Rows => ({ d, data: data.map((x, k) => x - mean[k % d]!) });

/**
 * Ridge regression of several targets in its dual form; the penalty of each target has the least leave-one-out error on the
 * training rows (closed form, Allen's PRESS). The kernel is factored once for all targets and penalties.
 * @param targets `[samples]` each
 * @returns predictions of each target on the test rows
 */
export function ridge(train: Rows, targets: readonly ArrayLike<number>[], test: Rows): Float64Array[] {
  const n = train.data.length / train.d;
  if (n < 4) throw new ParallaxError(`probe: ${n} training samples`, 'use more samples');
  const mean = means(Array.from({ length: n }, (_, i) => train.data.subarray(i * train.d, (i + 1) * train.d)));
  const [x, z] = [centred(train, mean), centred(test, mean)];
  const gram = kernel(x, x);
  const scale = Math.max(1e-12, gram.trace() / n);
  const levels = targets.map((y) => means(Array.from({ length: n }, (_, i) => [y[i]!]))[0]!);
  const y = new Matrix(Array.from({ length: n }, (_, i) => targets.map((t, k) => t[i]! - levels[k]!)));
  const { eigenvectorMatrix: u, realEigenvalues: values } = new EigenvalueDecomposition(gram, {
    assumeSymmetric: true,
  });
  const along = u.transpose().mmul(y);
  const squares = Matrix.pow(u, 2);
  const fits = PENALTIES.map((penalty) => {
    const shrunk = values.map((value) => 1 / (Math.max(0, value) + penalty * scale));
    const dual = u.mmul(along.clone().mulColumnVector(shrunk));
    // Diagonal of (gram + penalty)^-1: what a sample's own target weighs in its residual.
    const own = squares.mmul(Matrix.columnVector(shrunk)).getColumn(0);
    const press = targets.map((_, k) => own.reduce((sum, weight, i) => sum + (dual.get(i, k) / weight) ** 2, 0));
    return { dual, press };
  });
  const across = kernel(z, x);
  return targets.map((_, k) => {
    const best = fits.reduce((a, b) => (b.press[k]! < a.press[k]! ? b : a));
    const predicted = across.mmul(best.dual.getColumnVector(k)).to1DArray();
    return Float64Array.from(predicted, (p) => p + levels[k]!);
  });
}
