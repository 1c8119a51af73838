import { bytes } from './address.ts';
import { type Code, f32, func, i32, type Local, range, v128 } from './assemble.ts';

/**
 * One row of a dense choice, `[n]`: `f = z + bias` where that exceeds `limits`, else 0. Adds `f` to `mass` and 1 to `count` where it
 * is kept.
 */
export const activate = func(
  'activate',
  { z: 'i32', bias: 'i32', limits: 'i32', n: 'i32', f: 'i32', mass: 'i32', count: 'i32' },
  undefined,
  (p, local) => {
    const at = local('i32');
    const [sum, mask] = [local('v128'), local('v128')];
    const of = (x: Local) => i32.add(x.get, at.get);
    const grow = (x: Local, by: Code) => v128.store(of(x), v128.add(v128.load(of(x)), by));
    return range(at, i32.const(0), bytes(p.n.get), 16, [
      ...sum.set(v128.add(v128.load(of(p.z)), v128.load(of(p.bias)))),
      ...mask.set(v128.gt(sum.get, v128.load(of(p.limits)))),
      ...sum.set(v128.and(sum.get, mask.get)),
      ...v128.store(of(p.f), sum.get),
      ...grow(p.mass, sum.get),
      ...grow(p.count, v128.and(v128.splat(f32.const(1)), mask.get)),
    ]);
  },
);

/** One row of JumpReLU's rectangle, `[n]`: where `|z + bias - theta| < half`, adds `df + shift` to `slopes` and 1 to `near`. */
export const band = func(
  'band',
  { z: 'i32', bias: 'i32', theta: 'i32', half: 'f32', df: 'i32', shift: 'i32', n: 'i32', slopes: 'i32', near: 'i32' },
  undefined,
  (p, local) => {
    const at = local('i32');
    const mask = local('v128');
    const of = (x: Local) => i32.add(x.get, at.get);
    const grow = (x: Local, by: Code) => v128.store(of(x), v128.add(v128.load(of(x)), v128.and(by, mask.get)));
    return range(at, i32.const(0), bytes(p.n.get), 16, [
      ...mask.set(
        v128.lt(
          v128.abs(v128.sub(v128.add(v128.load(of(p.z)), v128.load(of(p.bias))), v128.load(of(p.theta)))),
          v128.splat(p.half.get),
        ),
      ),
      ...grow(p.slopes, v128.add(v128.load(of(p.df)), v128.load(of(p.shift)))),
      ...grow(p.near, v128.splat(f32.const(1))),
    ]);
  },
);

/** One row of the way back, `[n]`: `df = df + shift` where `f > 0`, else 0; adds it to `sums`. */
export const pass = func(
  'pass',
  { df: 'i32', f: 'i32', shift: 'i32', n: 'i32', sums: 'i32' },
  undefined,
  (p, local) => {
    const at = local('i32');
    const dz = local('v128');
    const of = (x: Local) => i32.add(x.get, at.get);
    return range(at, i32.const(0), bytes(p.n.get), 16, [
      ...dz.set(
        v128.and(
          v128.add(v128.load(of(p.df)), v128.load(of(p.shift))),
          v128.gt(v128.load(of(p.f)), v128.splat(f32.const(0))),
        ),
      ),
      ...v128.store(of(p.df), dz.get),
      ...v128.store(of(p.sums), v128.add(v128.load(of(p.sums)), dz.get)),
    ]);
  },
);
