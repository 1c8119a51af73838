import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { GraphBuilder } from '../../onnx/build.ts';
import { i64 } from '../../tensor.ts';
import { dim, mode, of, property, shape } from '../testing/properties.ts';

/** A shape, one of its axes (possibly counted from the end) and a mode. */
const axisOf = (min: number, max: number) =>
  shape(min, max).chain((dims) =>
    fc.record({ axis: fc.integer({ min: -dims.length, max: dims.length - 1 }), mode }).map((r) => ({ dims, ...r })),
  );

describe('operators that move elements', () => {
  test('Reshape, Flatten, Squeeze, Unsqueeze', () =>
    property(
      fc.record({ dims: shape(1, 3), mode, pick: fc.nat(3) }).map(({ dims, mode, pick }) => ({
        ...mode,
        inputs: [of(dims, 1)],
        build: (g, [x]) => {
          if (pick === 0) return g.op('Reshape', [x!, g.constant(i64([-1, dims.at(-1)!]))]);
          if (pick === 1) return g.op('Flatten', [x!], { axis: 1 });
          const wide = g.op('Unsqueeze', [x!, g.constant(i64([0, -1]))]);
          return pick === 2 ? wide : g.op('Squeeze', [wide, g.constant(i64([0]))]);
        },
      })),
    ));
  test('Transpose', () =>
    property(
      shape(1, 4).chain((dims) =>
        fc
          .record({
            perm: fc.shuffledSubarray(
              dims.map((_, i) => i),
              { minLength: dims.length },
            ),
            mode,
          })
          .map(({ perm, mode }) => ({
            ...mode,
            inputs: [of(dims, 1)],
            build: (g, [x]) => g.op('Transpose', [x!], { perm }),
          })),
      ),
    ));
  test('Expand and Tile', () =>
    property(
      fc.record({ n: dim, m: dim, tile: fc.boolean(), mode }).map(({ n, m, tile, mode }) => ({
        ...mode,
        inputs: [of(tile ? [n, m] : [n, 1], 1)],
        build: (g, [x]) => g.op(tile ? 'Tile' : 'Expand', [x!, g.constant(i64(tile ? [2, 3] : [2, n, 3]))]),
      })),
    ));
  test('Concat', () =>
    property(
      axisOf(1, 3).chain(({ dims, axis, mode }) =>
        dim.map((other) => ({
          ...mode,
          inputs: [
            of(dims, 1),
            of(
              dims.map((d, i) => (i === (axis + dims.length) % dims.length ? other : d)),
              2,
            ),
          ],
          build: (g, [x, y]) => g.op('Concat', [x!, y!, x!], { axis: { int: axis } }),
        })),
      ),
    ));
  test('Split, a part of which is not used', () =>
    property(
      axisOf(1, 3).map(({ dims, axis, mode }) => ({
        ...mode,
        inputs: [
          of(
            dims.map((d, i) => (i === (axis + dims.length) % dims.length ? 5 : d)),
            1,
          ),
        ],
        build: (g, [x]) => {
          const sizes = g.constant(i64([1, 2, 2]));
          const parts = g.ops('Split', [x!, sizes], { axis: { int: axis } }, 3);
          return g.op('Mul', [parts[1]!, parts[2]!]);
        },
      })),
    ));
  const bound = fc.integer({ min: -6, max: 6 });
  test('Slice with any bounds, open ends and strides', () =>
    property(
      fc
        .record({
          before: shape(0, 2),
          start: bound,
          end: fc.oneof(bound, fc.constant(2 ** 31 - 1)),
          step: fc.constantFrom(1, 1, 2, -1, -2),
          mode,
        })
        .map(({ before, start, end, step, mode }) => ({
          ...mode,
          symbolic: mode.symbolic && step === 1 && (start === 0 || end > 6),
          inputs: [of([...before, 5], 1)],
          build: (g, [x]) => {
            const [first, last] = step < 0 ? [end > 6 ? 4 : end, start] : [start, end];
            const list = [[first], [last], [-1], [step]].map((v) => g.constant(i64(v)));
            return g.op('Slice', [x!, ...list]);
          },
        })),
    ));
  test('Pad', () =>
    property(
      fc.record({ dims: shape(1, 2), a: fc.nat(2), b: fc.nat(2), mode }).map(({ dims, a, b, mode }) => ({
        ...mode,
        inputs: [of(dims, 1)],
        build: (g, [x]) => {
          const zeros = dims.slice(1).map(() => 0);
          return g.op('Pad', [x!, g.constant(i64([...zeros, a, ...zeros, b]))]);
        },
      })),
    ));
  test('CumSum', () =>
    property(
      axisOf(1, 3).chain(({ dims, axis, mode }) =>
        fc.record({ exclusive: fc.nat(1), reverse: fc.nat(1) }).map((attributes) => ({
          ...mode,
          inputs: [of(dims, 1)],
          build: (g, [x]) => g.op('CumSum', [x!, g.constant(i64([axis], []))], attributes),
        })),
      ),
    ));
  test('Trilu', () =>
    property(
      fc
        .record({ before: shape(0, 1), n: dim, m: dim, upper: fc.nat(1), mode })
        .map(({ before, n, m, upper, mode }) => ({
          ...mode,
          inputs: [of([...before, n, m], 1)],
          build: (g, [x]) => g.op('Trilu', [x!], { upper }),
        })),
    ));
});

describe('operators that read and write at positions', () => {
  test('Gather, by one index or many, repeated ones too', () =>
    property(
      axisOf(1, 3).chain(({ dims, axis, mode }) =>
        fc.array(fc.integer({ min: -3, max: 2 }), { minLength: 1, maxLength: 4 }).chain((list) =>
          fc.constantFrom([list.length], [1, list.length], []).map((shape) => ({
            ...mode,
            inputs: [
              of(
                dims.map((d, i) => (i === (axis + dims.length) % dims.length ? 3 : d)),
                1,
              ),
            ],
            build: (g, [x]) =>
              g.op('Gather', [x!, g.constant(i64(shape.length ? list : list.slice(0, 1), shape))], {
                axis: { int: axis },
              }),
          })),
        ),
      ),
    ));
  const elements = (op: string) =>
    axisOf(1, 3).map(({ dims, axis, mode }) => {
      const at = (axis + dims.length) % dims.length;
      const size = dims.reduce((a, b) => a * b, 1);
      return {
        ...mode,
        inputs: [of(dims, 1), of(dims, 2)],
        build: (g: GraphBuilder, [x, y]: readonly string[]) => {
          const index = g.constant(
            i64(
              Array.from({ length: size }, (_, i) => (op === 'ScatterElements' ? 0 : i) % dims[at]!),
              dims,
            ),
          );
          if (op === 'GatherElements') return g.op('Mul', [g.op(op, [x!, index], { axis: { int: axis } }), y!]);
          return g.op(op, [x!, index, y!], { axis: { int: axis }, reduction: 'add' });
        },
      };
    });
  test('GatherElements', () => property(elements('GatherElements')));
  test('ScatterElements that adds', () => property(elements('ScatterElements')));
  test('ScatterElements and ScatterND that overwrite', () =>
    property(
      fc.record({ n: dim, nd: fc.boolean(), mode }).map(({ n, nd, mode }) => ({
        ...mode,
        inputs: [of([4, n], 1), of([2, n], 2)],
        build: (g, [x, y]) => {
          if (nd) return g.op('ScatterND', [x!, g.constant(i64([3, 1], [2, 1])), y!]);
          const rows = Array.from({ length: 2 * n }, (_, i) => (i < n ? 3 : 1));
          return g.op('ScatterElements', [x!, g.constant(i64(rows, [2, n])), y!], { axis: { int: 0 } });
        },
      })),
    ));
  test('GatherND, repeated positions too', () =>
    property(
      fc.record({ n: dim, mode }).map(({ n, mode }) => ({
        ...mode,
        inputs: [of([3, 2, n], 1)],
        build: (g, [x]) => g.op('GatherND', [x!, g.constant(i64([2, 0, 1, 1, 2, 0], [3, 2]))]),
      })),
    ));
  test('TopK', () =>
    property(
      axisOf(1, 3).map(({ dims, axis, mode }) => ({
        ...mode,
        inputs: [
          of(
            dims.map((d, i) => (i === (axis + dims.length) % dims.length ? 4 : d)),
            1,
          ),
        ],
        build: (g, [x]) => g.ops('TopK', [x!, g.constant(i64([2]))], { axis: { int: axis } }, 2)[0]!,
      })),
    ));
});
