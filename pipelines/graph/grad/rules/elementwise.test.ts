import fc from 'fast-check';
import { describe, test } from 'vitest';
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
});
