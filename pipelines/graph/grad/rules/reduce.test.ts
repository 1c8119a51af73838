import fc from 'fast-check';
import { describe, test } from 'vitest';
import { i64 } from '../../tensor.ts';
import { apart, mode, of, positive, property, shape } from '../testing/properties.ts';

describe('reductions and normalisations', () => {
  const axes = shape(1, 3).chain((dims) =>
    fc
      .record({
        axes: fc.subarray(dims.map((_, i) => i)),
        negative: fc.boolean(),
        keepdims: fc.integer({ min: 0, max: 1 }),
        mode,
      })
      .map((r) => ({ dims, ...r })),
  );
  const names =
    'ReduceSum ReduceMean ReduceSumSquare ReduceL1 ReduceL2 ReduceProd ReduceMax ReduceMin ReduceLogSumExp ReduceLogSum'.split(
      ' ',
    );
  test.each(names)('%s', (name) =>
    property(
      axes.map(({ dims, axes, negative, keepdims, mode }) => ({
        ...mode,
        inputs: [of(dims, 5, name === 'ReduceLogSum' ? positive : apart)],
        build: (g, [x]) => {
          const list = axes.map((a) => (negative ? a - dims.length : a));
          const inputs = axes.length ? [x!, g.constant(i64(list))] : [x!];
          return g.op(name, inputs, { keepdims });
        },
      })),
    ),
  );
  test.each(['Softmax', 'LogSoftmax'])('%s', (name) =>
    property(
      shape(1, 3).chain((dims) =>
        fc.record({ axis: fc.integer({ min: -dims.length, max: dims.length - 1 }), mode }).map(({ axis, mode }) => ({
          ...mode,
          inputs: [of(dims, 4)],
          build: (g, [x]) => g.op(name, [x!], { axis: { int: axis } }),
        })),
      ),
    ),
  );
  test.each(['LayerNormalization', 'SimplifiedLayerNormalization'])('%s', (name) =>
    property(
      fc
        .record({ before: shape(0, 2), width: fc.integer({ min: 2, max: 5 }), bias: fc.boolean(), mode })
        .map(({ before, width, bias, mode }) => ({
          ...mode,
          symbolic: false,
          inputs: [
            of([...before, width], 1),
            of([width], 2, positive),
            ...(bias && name[0] === 'L' ? [of([width], 3)] : []),
          ],
          build: (g, inputs) => g.op(name, inputs, { epsilon: 1e-3, axis: -1 }),
        })),
    ),
  );

  test('SimplifiedLayerNormalization that gives its inverse deviation', () =>
    property(
      fc
        .record({ before: shape(0, 2), width: fc.integer({ min: 2, max: 5 }), mode })
        .map(({ before, width, mode }) => ({
          ...mode,
          symbolic: false,
          inputs: [of([...before, width], 1), of([width], 2, positive)],
          fixed: [1],
          build: (g, inputs) =>
            g.ops('SimplifiedLayerNormalization', inputs, { epsilon: 1e-3, axis: -1, stash_type: 1 }, 2)[0]!,
        })),
    ));
});
