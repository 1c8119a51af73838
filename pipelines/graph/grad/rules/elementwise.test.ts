import fc from 'fast-check';
import { describe, test } from 'vitest';
import { i64 } from '../../tensor.ts';
import { apart, type Build, mode, narrower, of, positive, property, shape } from '../testing/properties.ts';

describe('elementwise rules, broadcast', () => {
  const ops: Record<string, [Build, ((x: number) => number)?]> = {
    Add: [(g, [a, b]) => g.op('Add', [a!, b!])],
    Sub: [(g, [a, b]) => g.op('Sub', [a!, b!])],
    Mul: [(g, [a, b]) => g.op('Mul', [a!, b!])],
    Div: [(g, [a, b]) => g.op('Div', [a!, b!]), positive],
    Pow: [(g, [a, b]) => g.op('Pow', [a!, b!]), positive],
    Max: [(g, [a, b]) => g.op('Max', [a!, b!]), apart],
    Min: [(g, [a, b]) => g.op('Min', [a!, b!]), apart],
    Sum: [(g, [a, b]) => g.op('Sum', [a!, b!, a!])],
    Where: [(g, [a, b]) => g.op('Where', [g.op('Greater', [a!, b!]), g.op('Mul', [a!, a!]), b!])],
    chain: [(g, [a, b]) => g.op('Mul', [g.op('Mul', [a!, g.op('Cos', [a!])]), g.op('Tanh', [g.op('Add', [a!, b!])])])],
  };
  test.each(Object.keys(ops))('%s', async (name) => {
    const [build, map] = ops[name]!;
    await property(
      shape(0, 3).chain((dims) =>
        fc.record({ b: narrower(dims), swap: fc.boolean(), mode }).map(({ b, swap, mode }) => ({
          ...mode,
          inputs: swap ? [of(b, 1, map), of(dims, 2, map)] : [of(dims, 1, map), of(b, 2, map)],
          build,
        })),
      ),
    );
  });

  test.each([0, 1])('x sigmoid(x) as one function, with other readers of both (%i)', async (swap) => {
    await property(
      fc.record({ dims: shape(0, 3), mode }).map(({ dims, mode }) => ({
        ...mode,
        inputs: [of(dims, 1)],
        build: (g, [x]) => {
          const s = g.op('Sigmoid', [x!]);
          const swish = g.op('Mul', swap ? [s, x!] : [x!, s]);
          return g.op('Mul', [g.op('Add', [swish, s]), x!]);
        },
      })),
    );
  });

  test('squares whose mean is taken, whatever axes the exponent has', async () => {
    await property(
      fc.record({ dims: shape(1, 3), rank: fc.nat({ max: 4 }), mode }).map(({ dims, rank, mode }) => ({
        ...mode,
        inputs: [of(dims, 1)],
        build: (g, [x]) => {
          const two = g.constant({ type: 'float64', dims: Array<number>(rank).fill(1), data: Float64Array.of(2) });
          return g.op('ReduceMean', [g.op('Pow', [x!, two]), g.constant(i64([-1]))], { keepdims: 1 });
        },
      })),
    );
  });
});
