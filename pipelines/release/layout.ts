/** Plane of the two largest principal components of decoder rows. */
export interface Plane {
  readonly mean: Float64Array; // [d]
  readonly axes: readonly [Float64Array, Float64Array]; // each [d], unit length
}

const STEPS = 100;

/**
 * Principal plane by subspace iteration on a sample of rows: same rows, same bytes. The sign of an axis is the one that makes
 * its largest entry positive.
 * @param rows `[count, d]` row-major
 */
export function principalPlane(rows: Float32Array, d: number): Plane {
  const count = rows.length / d;
  const mean = new Float64Array(d);
  for (let i = 0; i < rows.length; i += 1) mean[i % d]! += rows[i]! / count;
  let [a, b] = [0, 1].map((k) => Float64Array.from({ length: d }, (_, j) => Math.cos((k + 1) * (j + 1)))) as [
    Float64Array,
    Float64Array,
  ];
  for (let step = 0; step < STEPS; step += 1) [a, b] = orthonormal(...spread(rows, mean, a, b));
  return { mean, axes: [oriented(a), oriented(b)] };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
};
const scaled = (v: Float64Array, by: number): Float64Array => v.map((x) => x * by);
const unit = (v: Float64Array, axis: number): Float64Array => {
  const norm = Math.sqrt(dot(v, v));
  return norm > 1e-12 ? scaled(v, 1 / norm) : v.map((_, i) => (i === axis ? 1 : 0));
};

/** X'X times both vectors, with X the centred rows. */
function spread(
  rows: Float32Array,
  mean: Float64Array,
  a: Float64Array,
  b: Float64Array,
): [Float64Array, Float64Array] {
  const d = mean.length;
  const [outA, outB] = [new Float64Array(d), new Float64Array(d)];
  const x = new Float64Array(d);
  for (let at = 0; at < rows.length; at += d) {
    for (let j = 0; j < d; j += 1) x[j] = rows[at + j]! - mean[j]!;
    const [pa, pb] = [dot(x, a), dot(x, b)];
    for (let j = 0; j < d; j += 1) {
      outA[j]! += pa * x[j]!;
      outB[j]! += pb * x[j]!;
    }
  }
  return [outA, outB];
}

function orthonormal(a: Float64Array, b: Float64Array): [Float64Array, Float64Array] {
  const first = unit(a, 0);
  const overlap = dot(first, b);
  return [
    first,
    unit(
      b.map((x, i) => x - overlap * first[i]!),
      Math.min(1, b.length - 1),
    ),
  ];
}

const oriented = (v: Float64Array): Float64Array => {
  const largest = v.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return largest < 0 ? scaled(v, -1) : v;
};

/** Coordinates of rows `[count, d]` in the plane: `[x0, y0, x1, y1, ...]`. */
export function project({ mean, axes: [a, b] }: Plane, rows: Float32Array): Float64Array {
  const d = mean.length;
  const out = new Float64Array((2 * rows.length) / d);
  const x = new Float64Array(d);
  for (let at = 0, o = 0; at < rows.length; at += d, o += 2) {
    for (let j = 0; j < d; j += 1) x[j] = rows[at + j]! - mean[j]!;
    out[o] = dot(x, a);
    out[o + 1] = dot(x, b);
  }
  return out;
}

/** `map.bin`: u16 x of every feature, then u16 y; 0..65535 spans -1..1 of the larger extent, the same scale on both axes. */
export function encodeMap(xy: Float64Array): Uint16Array<ArrayBuffer> {
  const extent = xy.reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;
  const count = xy.length / 2;
  const out = new Uint16Array(xy.length);
  for (let i = 0; i < count; i += 1)
    for (const axis of [0, 1] as const)
      out[axis * count + i] = Math.round(((xy[2 * i + axis]! / extent + 1) / 2) * 65_535);
  return out;
}

/** Coordinates in -1..1 of every feature. */
export function decodeMap(bytes: Uint8Array, count: number): { x: Float32Array; y: Float32Array } {
  const words = new Uint16Array(bytes.slice().buffer);
  const axis = (from: number) => Float32Array.from(words.subarray(from, from + count), (v) => (v / 65_535) * 2 - 1);
  return { x: axis(0), y: axis(count) };
}
