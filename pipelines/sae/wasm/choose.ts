import { element } from './address.ts';
import { type Code, f32, func, i32, type Local, loop, range, v128, when } from './assemble.ts';

/**
 * The `k` largest of `z + bias` `[n]` into a min-heap `values`, `indices` `[k]`; their places count from `first`, and where that is not
 * 0 the heap goes on from an earlier call. A vector of four is looked at only where one of them exceeds the smallest held.
 */
export const select = func(
  'select',
  { z: 'i32', bias: 'i32', n: 'i32', first: 'i32', k: 'i32', values: 'i32', indices: 'i32' },
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
      ...i32.store(element(p.indices.get, hole.get), i32.add(p.first.get, i32.add(at.get, lane.get))),
    ];
    return [
      ...when(
        p.first.get,
        [],
        range(at, i32.const(0), p.k.get, 1, [
          ...f32.store(element(p.values.get, at.get), f32.const(Number.NEGATIVE_INFINITY)),
          ...i32.store(element(p.indices.get, at.get), i32.const(0)),
        ]),
      ),
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

/** Entries of `z + bias` `[n]` above `limits` `[n]`, in order, into `values` and `indices`, which count from `first`; gives their number. */
export const collect = func(
  'collect',
  { z: 'i32', bias: 'i32', limits: 'i32', n: 'i32', first: 'i32', values: 'i32', indices: 'i32' },
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
          ...i32.store(element(p.indices.get, count.get), i32.add(p.first.get, slot.get)),
          ...count.set(i32.add(count.get, i32.const(1))),
        ]),
      ]),
      ...count.get,
    ];
  },
);
