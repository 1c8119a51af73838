import { bytes } from './address.ts';
import { type Code, f32, func, i32, type Local, lanes, range, v128 } from './assemble.ts';

const ONES = v128.splat(f32.const(1));
const grow = (address: Code, by: Code): Code => v128.store(address, v128.add(v128.load(address), by));

/**
 * One row of a dense choice, `[n]`: `f = z + bias` where that exceeds `theta`, else 0. Adds 1 to `count` where it is kept. Gives the
 * entries above `limits`, as `tally` does.
 */
export const activate = func(
  'activate',
  { z: 'i32', bias: 'i32', theta: 'i32', limits: 'i32', n: 'i32', f: 'i32', count: 'i32' },
  'f32',
  (p, local) => {
    const at = local('i32');
    const [sum, mask, above] = [local('v128'), local('v128'), local('v128')];
    const of = (x: Local) => i32.add(x.get, at.get);
    return [
      ...range(at, i32.const(0), bytes(p.n.get), 16, [
        ...sum.set(v128.add(v128.load(of(p.z)), v128.load(of(p.bias)))),
        ...above.set(v128.add(above.get, v128.and(ONES, v128.gt(sum.get, v128.load(of(p.limits)))))),
        ...mask.set(v128.gt(sum.get, v128.load(of(p.theta)))),
        ...v128.store(of(p.f), v128.and(sum.get, mask.get)),
        ...grow(of(p.count), v128.and(ONES, mask.get)),
      ]),
      ...lanes(above.get, sum),
    ];
  },
);

/** Entries of `z + bias` `[n]` above `limits` `[n]`. */
export const tally = func('tally', { z: 'i32', bias: 'i32', limits: 'i32', n: 'i32' }, 'f32', (p, local) => {
  const at = local('i32');
  const [sum, count] = [local('v128'), local('v128')];
  const of = (x: Local) => v128.load(i32.add(x.get, at.get));
  return [
    ...range(at, i32.const(0), bytes(p.n.get), 16, [
      ...sum.set(v128.add(of(p.z), of(p.bias))),
      ...count.set(v128.add(count.get, v128.and(ONES, v128.gt(sum.get, of(p.limits))))),
    ]),
    ...lanes(count.get, sum),
  ];
});

/**
 * One row of the way back, `[n]`: `df + shift` stays where `z + bias > theta`, else 0, and adds to `sums`; `f` is what `activate` made of
 * it, and adds to `mass`. JumpReLU's rectangle: where `|z + bias - theta| < half`, it adds to `slopes`, and 1 to `near` (nowhere where
 * `half` is 0).
 */
export const passBack = func(
  'passBack',
  {
    ...({ z: 'i32', bias: 'i32', theta: 'i32', half: 'f32', df: 'i32', shift: 'i32', n: 'i32' } as const),
    ...({ f: 'i32', mass: 'i32', sums: 'i32', slopes: 'i32', near: 'i32' } as const),
  },
  undefined,
  (p, local) => {
    const at = local('i32');
    const [above, df, mask] = [local('v128'), local('v128'), local('v128')];
    const of = (x: Local) => i32.add(x.get, at.get);
    return range(at, i32.const(0), bytes(p.n.get), 16, [
      ...above.set(v128.add(v128.load(of(p.z)), v128.load(of(p.bias)))),
      ...df.set(v128.add(v128.load(of(p.df)), v128.load(of(p.shift)))),
      ...mask.set(v128.lt(v128.abs(v128.sub(above.get, v128.load(of(p.theta)))), v128.splat(p.half.get))),
      ...grow(of(p.slopes), v128.and(df.get, mask.get)),
      ...grow(of(p.near), v128.and(ONES, mask.get)),
      ...mask.set(v128.gt(above.get, v128.load(of(p.theta)))),
      ...above.set(v128.and(above.get, mask.get)),
      ...v128.store(of(p.f), above.get),
      ...grow(of(p.mass), above.get),
      ...df.set(v128.and(df.get, mask.get)),
      ...v128.store(of(p.df), df.get),
      ...grow(of(p.sums), df.get),
    ]);
  },
);
