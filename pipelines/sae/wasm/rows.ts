import { bytes, element } from './address.ts';
import { type Code, f32, f64, func, i32, type Local, lanes, range, v128 } from './assemble.ts';

/** Byte offsets of the four vectors that an inner loop takes at a time. */
const four = [0, 16, 32, 48];

/**
 * `out = start + sign sum_e weights[e] rows[index[e]]`, `[d]`, four accumulators at a time. Gives `|out|^2`.
 */
export const combine = func(
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
export const dots = func(
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
export const adam = func(
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

/** `out [columns,rows]` is `a [rows,columns]` turned, with rows in eights and columns in fours; rows of `out` lie `apart` floats from each other. */
export const turn = func(
  'turn',
  { a: 'i32', rows: 'i32', columns: 'i32', out: 'i32', apart: 'i32' },
  undefined,
  (p, local) => {
    const [r, c, from, to] = [local('i32'), local('i32'), local('i32'), local('i32')];
    const x = four.map(() => local('v128'));
    const y = four.map(() => local('v128'));
    const mix = (of: readonly Local[], i: number, j: number, picks: readonly number[]) =>
      v128.shuffle(of[i]!.get, of[j]!.get, picks);
    const [strideIn, strideOut] = [bytes(p.columns.get), bytes(p.apart.get)];
    const halves = [
      mix(x, 0, 1, [0, 4, 1, 5]),
      mix(x, 2, 3, [0, 4, 1, 5]),
      mix(x, 0, 1, [2, 6, 3, 7]),
      mix(x, 2, 3, [2, 6, 3, 7]),
    ];
    const turned = [
      mix(y, 0, 1, [0, 1, 4, 5]),
      mix(y, 0, 1, [2, 3, 6, 7]),
      mix(y, 2, 3, [0, 1, 4, 5]),
      mix(y, 2, 3, [2, 3, 6, 7]),
    ];
    const square: Code = [
      ...x.flatMap((one) => [...one.set(v128.load(from.get)), ...from.set(i32.add(from.get, strideIn))]),
      ...halves.flatMap((half, q) => y[q]!.set(half)),
      ...turned.flatMap((one, q) => v128.store(i32.add(to.get, i32.mul(i32.const(q), strideOut)), one)),
      ...to.set(i32.add(to.get, i32.const(16))),
    ];
    return range(r, i32.const(0), p.rows.get, 8, [
      ...range(c, i32.const(0), p.columns.get, 4, [
        ...from.set(i32.add(element(p.a.get, c.get), i32.mul(r.get, strideIn))),
        ...to.set(i32.add(element(p.out.get, r.get), i32.mul(c.get, strideOut))),
        ...square,
        ...square,
      ]),
    ]);
  },
);

/** `y = scale y + a x`, `[d]`. */
export const blend = func('blend', { d: 'i32', x: 'i32', y: 'i32', a: 'f32', scale: 'f32' }, undefined, (p, local) => {
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
