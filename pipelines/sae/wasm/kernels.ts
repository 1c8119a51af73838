import { assemble, type Code, f32, f64, func, i32, type Local, lanes, loop, range, v128, when } from './assemble.ts';

/** Floats that the inner loops take at a time; row lengths are multiples of it. */
export const LANE = 16;

const four = [0, 16, 32, 48];
const bytes = (count: Code) => i32.shl(count, i32.const(2));
/** Address of element `index` of an array of 4-byte elements. */
const element = (base: Code, index: Code) => i32.add(base, bytes(index));

/**
 * The `k` largest of `z + bias` `[n]` into a min-heap `values`, `indices` `[k]`. A vector of four is looked at only where one of them
 * exceeds the smallest held.
 */
const select = func(
  'select',
  { z: 'i32', bias: 'i32', n: 'i32', k: 'i32', values: 'i32', indices: 'i32' },
  undefined,
  (p, local) => {
    const [at, bits, hole, child, lane] = [local('i32'), local('i32'), local('i32'), local('i32'), local('i32')];
    const [sum, value] = [local('v128'), local('f32')];
    const held = (slot: Code) => f32.load(element(p.values.get, slot));
    const move = (to: Code, from: Code): Code => [
      ...f32.store(element(p.values.get, to), held(from)),
      ...i32.store(element(p.indices.get, to), i32.load(element(p.indices.get, from))),
    ];
    const smaller = i32.add(child.get, i32.const(1));
    /** Puts `value` in place of the root and lets it sink. */
    const replace: Code = [
      ...hole.set(i32.const(0)),
      ...child.set(i32.const(1)),
      ...when(i32.lt(smaller, p.k.get), when(f32.lt(held(smaller), held(child.get)), child.set(smaller))),
      ...loop(i32.and(i32.lt(child.get, p.k.get), f32.gt(value.get, held(i32.and(child.get, less(child, p.k))))), [
        ...move(hole.get, child.get),
        ...hole.set(child.get),
        ...child.set(i32.add(i32.shl(child.get, i32.const(1)), i32.const(1))),
        ...when(i32.lt(smaller, p.k.get), when(f32.lt(held(smaller), held(child.get)), child.set(smaller))),
      ]),
      ...f32.store(element(p.values.get, hole.get), value.get),
      ...i32.store(element(p.indices.get, hole.get), i32.add(at.get, lane.get)),
    ];
    return [
      ...range(at, i32.const(0), p.k.get, 1, [
        ...f32.store(element(p.values.get, at.get), f32.const(Number.NEGATIVE_INFINITY)),
        ...i32.store(element(p.indices.get, at.get), i32.const(0)),
      ]),
      ...range(at, i32.const(0), p.n.get, 4, [
        ...sum.set(v128.add(v128.load(element(p.z.get, at.get)), v128.load(element(p.bias.get, at.get)))),
        ...bits.set(v128.bits(v128.gt(sum.get, v128.splat(held(i32.const(0)))))),
        ...loop(bits.get, [
          ...lane.set(i32.ctz(bits.get)),
          ...bits.set(i32.and(bits.get, i32.sub(bits.get, i32.const(1)))),
          ...value.set(
            f32.add(
              f32.load(element(p.z.get, i32.add(at.get, lane.get))),
              f32.load(element(p.bias.get, i32.add(at.get, lane.get))),
            ),
          ),
          ...when(f32.gt(value.get, held(i32.const(0))), replace),
        ]),
      ]),
    ];
  },
);

/** All ones where `a < b`, else 0: keeps an address inside its array where a condition is computed eagerly. */
function less(a: Local, b: Local): Code {
  return i32.sub(i32.const(0), i32.lt(a.get, b.get));
}

/** Entries of `z + bias` `[n]` above `limits` `[n]`, in order, into `values` and `indices`; gives their number. */
const collect = func(
  'collect',
  { z: 'i32', bias: 'i32', limits: 'i32', n: 'i32', values: 'i32', indices: 'i32' },
  'i32',
  (p, local) => {
    const [at, bits, count, slot] = [local('i32'), local('i32'), local('i32'), local('i32')];
    const sum = local('v128');
    return [
      ...range(at, i32.const(0), p.n.get, 4, [
        ...sum.set(v128.add(v128.load(element(p.z.get, at.get)), v128.load(element(p.bias.get, at.get)))),
        ...bits.set(v128.bits(v128.gt(sum.get, v128.load(element(p.limits.get, at.get))))),
        ...loop(bits.get, [
          ...slot.set(i32.add(at.get, i32.ctz(bits.get))),
          ...bits.set(i32.and(bits.get, i32.sub(bits.get, i32.const(1)))),
          ...f32.store(
            element(p.values.get, count.get),
            f32.add(f32.load(element(p.z.get, slot.get)), f32.load(element(p.bias.get, slot.get))),
          ),
          ...i32.store(element(p.indices.get, count.get), slot.get),
          ...count.set(i32.add(count.get, i32.const(1))),
        ]),
      ]),
      ...count.get,
    ];
  },
);

/**
 * `out = start + sign sum_e weights[e] rows[index[e]]`, `[d]`, four accumulators at a time. Gives `|out|^2`.
 */
const combine = func(
  'combine',
  { d: 'i32', count: 'i32', index: 'i32', weights: 'i32', rows: 'i32', start: 'i32', out: 'i32', sign: 'f32' },
  'f64',
  (p, local) => {
    const [at, e, row, stride] = [local('i32'), local('i32'), local('i32'), local('i32')];
    const accumulators = four.map(() => local('v128'));
    const [factor, squares, hold] = [local('v128'), local('v128'), local('v128')];
    return [
      ...stride.set(bytes(p.d.get)),
      ...range(at, i32.const(0), stride.get, 64, [
        ...accumulators.flatMap((a, q) => a.set(v128.load(i32.add(p.start.get, at.get), four[q]))),
        ...range(e, i32.const(0), bytes(p.count.get), 4, [
          ...factor.set(v128.splat(f32.mul(p.sign.get, f32.load(i32.add(p.weights.get, e.get))))),
          ...row.set(i32.add(i32.add(p.rows.get, at.get), i32.mul(i32.load(i32.add(p.index.get, e.get)), stride.get))),
          ...accumulators.flatMap((a, q) => a.set(v128.add(a.get, v128.mul(factor.get, v128.load(row.get, four[q]))))),
        ]),
        ...accumulators.flatMap((a, q) => [
          ...v128.store(i32.add(p.out.get, at.get), a.get, four[q]),
          ...squares.set(v128.add(squares.get, v128.mul(a.get, a.get))),
        ]),
      ]),
      ...f64.promote(lanes(squares.get, hold)),
    ];
  },
);

/** `out[e] = scale (rows[index[e]] . w) + shift`; gives their sum. */
const dots = func(
  'dots',
  { d: 'i32', count: 'i32', index: 'i32', rows: 'i32', w: 'i32', out: 'i32', scale: 'f32', shift: 'f32' },
  'f64',
  (p, local) => {
    const [at, e, row, stride] = [local('i32'), local('i32'), local('i32'), local('i32')];
    const accumulators = four.map(() => local('v128'));
    const [hold, value, total] = [local('v128'), local('f32'), local('f64')];
    const [a, b, c, d] = accumulators as [Local, Local, Local, Local];
    return [
      ...stride.set(bytes(p.d.get)),
      ...range(e, i32.const(0), bytes(p.count.get), 4, [
        ...row.set(i32.add(p.rows.get, i32.mul(i32.load(i32.add(p.index.get, e.get)), stride.get))),
        ...accumulators.flatMap((one) => one.set(v128.splat(f32.const(0)))),
        ...range(
          at,
          i32.const(0),
          stride.get,
          64,
          accumulators.flatMap((one, q) =>
            one.set(
              v128.add(
                one.get,
                v128.mul(v128.load(i32.add(row.get, at.get), four[q]), v128.load(i32.add(p.w.get, at.get), four[q])),
              ),
            ),
          ),
        ),
        ...value.set(
          f32.add(
            p.shift.get,
            f32.mul(p.scale.get, lanes(v128.add(v128.add(a.get, b.get), v128.add(c.get, d.get)), hold)),
          ),
        ),
        ...f32.store(i32.add(p.out.get, e.get), value.get),
        ...total.set(f64.add(total.get, f64.promote(value.get))),
      ]),
      ...total.get,
    ];
  },
);

/** Adam on `p [d]` with gradient `g`: `m, v` move, `p -= rate m / (sqrt(v c2) + eps)`; `rate` includes `1/(1 - b1^t)`. */
const adam = func(
  'adam',
  {
    d: 'i32',
    p: 'i32',
    m: 'i32',
    v: 'i32',
    g: 'i32',
    b1: 'f32',
    r1: 'f32',
    b2: 'f32',
    r2: 'f32',
    rate: 'f32',
    c2: 'f32',
    eps: 'f32',
  },
  undefined,
  (p, local) => {
    const at = local('i32');
    const [g, m, v] = [local('v128'), local('v128'), local('v128')];
    const splat = (x: Local) => v128.splat(x.get);
    const of = (x: Local) => i32.add(x.get, at.get);
    return range(at, i32.const(0), bytes(p.d.get), 16, [
      ...g.set(v128.load(of(p.g))),
      ...m.set(v128.add(v128.mul(v128.load(of(p.m)), splat(p.b1)), v128.mul(g.get, splat(p.r1)))),
      ...v.set(v128.add(v128.mul(v128.load(of(p.v)), splat(p.b2)), v128.mul(v128.mul(g.get, g.get), splat(p.r2)))),
      ...v128.store(of(p.m), m.get),
      ...v128.store(of(p.v), v.get),
      ...v128.store(
        of(p.p),
        v128.sub(
          v128.load(of(p.p)),
          v128.div(v128.mul(m.get, splat(p.rate)), v128.add(v128.sqrt(v128.mul(v.get, splat(p.c2))), splat(p.eps))),
        ),
      ),
    ]);
  },
);

/** `y = scale y + a x`, `[d]`. */
const blend = func('blend', { d: 'i32', x: 'i32', y: 'i32', a: 'f32', scale: 'f32' }, undefined, (p, local) => {
  const at = local('i32');
  const y = i32.add(p.y.get, at.get);
  return range(
    at,
    i32.const(0),
    bytes(p.d.get),
    16,
    v128.store(
      y,
      v128.add(
        v128.mul(v128.load(y), v128.splat(p.scale.get)),
        v128.mul(v128.load(i32.add(p.x.get, at.get)), v128.splat(p.a.get)),
      ),
    ),
  );
});

type N = number;
/** Kernels over one memory; arguments are byte addresses, counts of elements and factors. */
export interface Kernels {
  select(z: N, bias: N, n: N, k: N, values: N, indices: N): void;
  collect(z: N, bias: N, limits: N, n: N, values: N, indices: N): number;
  combine(d: N, count: N, index: N, weights: N, rows: N, start: N, out: N, sign: N): number;
  dots(d: N, count: N, index: N, rows: N, w: N, out: N, scale: N, shift: N): number;
  adam(d: N, p: N, m: N, v: N, g: N, b1: N, r1: N, b2: N, r2: N, rate: N, c2: N, eps: N): void;
  blend(d: N, x: N, y: N, a: N, scale: N): void;
}

let compiled: WebAssembly.Module | undefined;

/** Kernels on a memory; row lengths are multiples of `LANE`, `n` a multiple of 4. */
export function openKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(assemble([select, collect, combine, dots, adam, blend]));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
