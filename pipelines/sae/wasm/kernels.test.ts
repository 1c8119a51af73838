import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { openArena } from './arena.ts';
import { uleb } from './assemble.ts';
import { openKernels } from './kernels.ts';

const [D, N, T] = [32, 24, 5];
const arena = openArena({
  z: N,
  bias: N,
  limits: N,
  values: N,
  indices: N,
  rows: T * D,
  w: D,
  out: D,
  weights: T,
  index: T,
  m: D,
  v: D,
  g: D,
  p: D,
});
const kernels = openKernels(arena.memory);
const { at, f32, u32 } = arena;
const source = random('kernels');
const fill = (...names: (keyof typeof f32)[]) => {
  for (const name of names) for (let i = 0; i < f32[name].length; i += 1) f32[name][i] = source.normal();
};

test('uleb: values by hand', () => {
  expect(uleb(0)).toEqual([0]);
  expect(uleb(127)).toEqual([127]);
  expect(uleb(624485)).toEqual([0xe5, 0x8e, 0x26]);
});

test('select holds the k largest sums, with their places', () => {
  const numbers = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: N, maxLength: N });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: N }), (values, k) => {
      f32.z.set(values);
      f32.bias.fill(0.25);
      kernels.select(at.z, at.bias, N - 8, 0, k, at.values, at.indices);
      kernels.select(at.z + 4 * (N - 8), at.bias + 4 * (N - 8), 8, N - 8, k, at.values, at.indices);
      const sums = Float32Array.from(values, (v) => Math.fround(v) + 0.25);
      const got = [...f32.values.subarray(0, k)].sort((a, b) => a - b);
      expect(got).toEqual([...sums].sort((a, b) => a - b).slice(N - k));
      const places = [...u32.indices.subarray(0, k)];
      expect(new Set(places).size).toBe(k);
      for (const [slot, i] of places.entries()) expect(f32.values[slot]).toBe(sums[i]);
    }),
  );
});

test('collect gives what exceeds each limit, strictly and in order', () => {
  fill('z', 'limits');
  f32.bias.fill(0);
  f32.limits[3] = f32.z[3]!;
  const count = kernels.collect(at.z, at.bias, at.limits, N, 0, at.values, at.indices);
  const want = [...f32.z.keys()].filter((i) => f32.z[i]! > f32.limits[i]!);
  expect([...u32.indices.subarray(0, count)]).toEqual(want);
  expect([...f32.values.subarray(0, count)]).toEqual(want.map((i) => f32.z[i]));
});

test('combine, dots and blend are what they say', () => {
  fill('rows', 'w', 'weights');
  u32.index.set([4, 0, 2, 2, 1]);
  const start = Float32Array.from(f32.w);
  const squares = kernels.combine(D, T, at.index, at.weights, at.rows, at.w, at.out, -1);
  let total = 0;
  for (let j = 0; j < D; j += 1) {
    let want = start[j]!;
    for (let e = 0; e < T; e += 1) want -= f32.weights[e]! * f32.rows[u32.index[e]! * D + j]!;
    expect(f32.out[j]).toBeCloseTo(want, 4);
    total += want * want;
  }
  expect(squares).toBeCloseTo(total, 3);
  const sum = kernels.dots(D, T, at.index, at.rows, at.w, at.values, 2, 0.5);
  let all = 0;
  for (let e = 0; e < T; e += 1) {
    let want = 0;
    for (let j = 0; j < D; j += 1) want += f32.rows[u32.index[e]! * D + j]! * start[j]!;
    expect(f32.values[e]).toBeCloseTo(2 * want + 0.5, 4);
    all += 2 * want + 0.5;
  }
  expect(sum).toBeCloseTo(all, 3);
  const before = Float32Array.from(f32.out);
  kernels.blend(D, at.w, at.out, 3, -0.5);
  for (let j = 0; j < D; j += 1) expect(f32.out[j]).toBeCloseTo(3 * start[j]! - 0.5 * before[j]!, 5);
});

test('turn: rows become columns, beside what is there', () => {
  const [R, C, apart] = [8, 12, 20];
  const turned = openArena({ a: R * C, out: C * apart });
  turned.f32.a.set(Array.from({ length: R * C }, (_, i) => i));
  turned.f32.out.fill(-1);
  openKernels(turned.memory).turn(turned.at.a, R, C, turned.at.out + 4 * 4, apart);
  for (let c = 0; c < C; c += 1)
    for (let r = 0; r < apart; r += 1)
      expect(turned.f32.out[c * apart + r]).toBe(r >= 4 && r < 4 + R ? (r - 4) * C + c : -1);
});

test('Adam, by its formula', () => {
  fill('p', 'm', 'g');
  f32.v.fill(0.3);
  const [p, m] = [Float32Array.from(f32.p), Float32Array.from(f32.m)];
  kernels.adam(D, at.p, at.m, at.v, at.g, 0.9, 0.1, 0.99, 0.01, 0.002, 1.5, 1e-8);
  for (let j = 0; j < D; j += 1) {
    const g = f32.g[j]!;
    const m2 = 0.9 * m[j]! + 0.1 * g;
    const v2 = 0.99 * 0.3 + 0.01 * g * g;
    expect(f32.m[j]).toBeCloseTo(m2, 5);
    expect(f32.v[j]).toBeCloseTo(v2, 5);
    expect(f32.p[j]).toBeCloseTo(p[j]! - (0.002 * m2) / (Math.sqrt(v2 * 1.5) + 1e-8), 5);
  }
});

test('one row after the other of a dense step: what is kept, what lies in the rectangle, what passes back', () => {
  const R = 3;
  const rows = openArena({
    ...{ bias: N, theta: N, limits: N, shift: N, mass: N, count: N, slopes: N, near: N, sums: N },
    ...{ z: R * N, df: R * N, f: R * N, again: R * N },
  });
  const k = openKernels(rows.memory);
  const { at: to, f32: of } = rows;
  for (const data of [of.z, of.bias, of.df, of.shift]) for (const i of data.keys()) data[i] = source.normal();
  for (let i = 0; i < N; i += 1) of.theta[i] = 0.3 * (i % 3);
  of.theta[5] = of.z[5]! + of.bias[5]!;
  for (let i = 0; i < N; i += 1) of.limits[i] = of.theta[i]! - 0.25;
  const sums = [of.mass, of.count, of.slopes, of.near, of.sums];
  for (const data of sums) data.fill(1);
  const df = Float32Array.from(of.df);
  for (let row = 0; row < 4 * R * N; row += 4 * N) {
    const [z, again] = [to.z + row, to.again + row];
    const counted = k.activate(z, to.bias, to.theta, to.limits, N, to.f + row, to.count);
    k.passBack(z, to.bias, to.theta, 0.5, to.df + row, to.shift, N, again, to.mass, to.sums, to.slopes, to.near);
    const above = [...of.bias.keys()].filter((i) => Math.fround(of.z[row / 4 + i]! + of.bias[i]!) > of.limits[i]!);
    expect(counted).toBe(above.length);
    expect(k.tally(z, to.bias, to.limits, N)).toBe(above.length);
  }
  const wanted = sums.map(() => new Float64Array(N).fill(1));
  for (let at = 0; at < R * N; at += 1) {
    const i = at % N;
    const z = Math.fround(of.z[at]! + of.bias[i]!);
    const f = z > of.theta[i]! ? z : 0;
    const g = Math.fround(df[at]! + of.shift[i]!);
    const near = Number(Math.abs(z - of.theta[i]!) < 0.5);
    expect(of.f[at]).toBe(f);
    expect(of.again[at]).toBe(f);
    expect(of.df[at]).toBe(f > 0 ? g : 0);
    for (const [q, add] of [f, Number(f !== 0), near * g, near, f > 0 ? g : 0].entries()) wanted[q]![i]! += add;
  }
  for (const [q, data] of sums.entries()) for (let i = 0; i < N; i += 1) expect(data[i]).toBeCloseTo(wanted[q]![i]!, 4);
});

test('a memory beyond 4 GiB is refused', () => {
  expect(() => openArena({ big: 2 ** 31 })).toThrow(/4 GiB is the limit/);
});
