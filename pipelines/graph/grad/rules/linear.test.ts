import fc from 'fast-check';
import { describe, test } from 'vitest';
import { type Build, dim, mode, narrower, of, property, shape } from '../testing/properties.ts';

describe('products of matrices', () => {
  const build: Build = (g, [a, b]) => g.op('MatMul', [a!, b!]);
  test('MatMul over broadcast batches, vectors too', () =>
    property(
      fc
        .record({
          batch: shape(0, 2),
          m: dim,
          n: dim,
          p: dim,
          row: fc.boolean(),
          column: fc.boolean(),
          swap: fc.boolean(),
          mode,
        })
        .chain(({ batch, ...rest }) => narrower(batch).map((other) => ({ batch, other, ...rest })))
        .map(({ batch, other, m, n, p, row, column, swap, mode }) => {
          const a = row ? [n] : [...(swap ? other : batch), m, n];
          const b = column ? [n] : [...(swap ? batch : other), n, p];
          return { ...mode, inputs: [of(a, 1), of(b, 2)], build };
        }),
    ));
  test('Gemm', () =>
    property(
      fc
        .record({
          m: dim,
          n: dim,
          p: dim,
          transA: fc.integer({ min: 0, max: 1 }),
          transB: fc.integer({ min: 0, max: 1 }),
          wide: fc.boolean(),
          mode,
        })
        .map(({ m, n, p, transA, transB, wide, mode }) => ({
          ...mode,
          inputs: [of(transA ? [n, m] : [m, n], 1), of(transB ? [p, n] : [n, p], 2), of(wide ? [m, p] : [p], 3)],
          build: (g, [a, b, c]) => g.op('Gemm', [a!, b!, c!], { transA, transB, alpha: 0.5, beta: 1.5 }),
        })),
    ));
  test.each(['ij,jk->ik', 'bij,bjk->bki', 'ij,ik->j', 'bhqd,bkhd->bhqk', 'ij->i', 'i,j->ij'])('Einsum %s', (equation) =>
    property(
      fc.record({ sizes: fc.array(dim, { minLength: 26, maxLength: 26 }), mode }).map(({ sizes, mode }) => {
        const parts = equation.split('->')[0]!.split(',');
        const dims = parts.map((part) => [...part].map((l) => sizes[l.charCodeAt(0) - 97]!));
        return {
          ...mode,
          inputs: dims.map((d, i) => of(d, i)),
          build: (g, inputs) => g.op('Einsum', inputs, { equation }),
        };
      }),
    ),
  );
});
