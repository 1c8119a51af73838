import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attribute } from '../../onnx/build.ts';
import { f32, i64, sizeOf } from '../../tensor.ts';
import { type GradCase, gradientError, noise } from '../testing/finite.ts';

/** Central differences of step 1e-5 in float64 are good to about 1e-9 of the values; kinks are avoided by the inputs. */
const TOLERANCE = 1e-6;
/** Where the gradient itself is computed in float32. */
const SINGLE = 1e-5;
const RUNS = 6;

type Build = GradCase['build'];
const dim = fc.integer({ min: 1, max: 3 });
const shape = (min: number, max: number) => fc.array(dim, { minLength: min, maxLength: max });
const mode = fc.record({ symbolic: fc.boolean(), lead: fc.constantFrom(0, 1, 3) });
const of = (dims: readonly number[], seed: number, map: (x: number) => number = (x) => x) => ({
  dims,
  data: noise(sizeOf(dims), seed).map(map),
});
/** A shape that broadcasts to `dims`: leading axes dropped, some axes 1. */
const narrower = (dims: readonly number[]) =>
  fc
    .record({
      drop: fc.integer({ min: 0, max: dims.length }),
      ones: fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length }),
    })
    .map(({ drop, ones }) => dims.map((d, i) => (ones[i] ? 1 : d)).slice(drop));

async function holds(test: GradCase): Promise<void> {
  expect(await gradientError(test)).toBeLessThan(test.reference ? SINGLE : TOLERANCE);
}
const property = (arb: fc.Arbitrary<GradCase>) => fc.assert(fc.asyncProperty(arb, holds), { numRuns: RUNS, seed: 11 });

const positive = (x: number) => 1.2 + x;
const apart = (x: number) => x + 0.13;

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

describe('functions of one value', () => {
  const names = 'Relu Sigmoid Tanh Exp Log Sqrt Reciprocal Neg Abs Sin Cos Identity'.split(' ');
  const positiveOnly = new Set(['Log', 'Sqrt', 'Reciprocal']);
  const draw = fc.record({ dims: shape(0, 3), mode });
  test.each(names)('%s', async (name) => {
    await property(
      draw.map(({ dims, mode }) => ({
        ...mode,
        inputs: [of(dims, 3, positiveOnly.has(name) ? positive : apart)],
        build: (g, [x]) => g.op(name, [x!]),
      })),
    );
  });

  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  /** Error function by its Taylor series, exact to float64 in the range of the inputs. */
  const erf = (x: number) => {
    let [sum, term] = [0, x];
    for (let n = 0; n < 40; n += 1) {
      sum += term / (2 * n + 1);
      term *= -(x * x) / (n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const gelu = (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2));
  const geluTanh = (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  type Single = [(x: number) => number, Record<string, Attribute>?, string?];
  const single: Record<string, Single> = {
    LeakyRelu: [(x) => (x > 0 ? x : 0.3 * x), { alpha: 0.3 }],
    ThresholdedRelu: [(x) => (x > 0.4 ? x : 0), { alpha: 0.4 }],
    Elu: [(x) => (x > 0 ? x : 0.7 * Math.expm1(x)), { alpha: 0.7 }],
    Selu: [(x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
    HardSigmoid: [(x) => Math.min(1, Math.max(0, 0.6 * x + 0.5)), { alpha: 0.6 }],
    Softplus: [softplus],
    Softsign: [(x) => x / (1 + Math.abs(x))],
    Mish: [(x) => x * Math.tanh(softplus(x))],
    Erf: [erf],
    Floor: [(x) => Math.floor(x) + x],
    Clip: [(x) => Math.min(0.5, Math.max(-0.4, x))],
    Gelu: [gelu],
    'Gelu tanh': [geluTanh, { approximate: 'tanh' }],
    'com.microsoft:Gelu': [gelu, {}, 'com.microsoft'],
    'com.microsoft:QuickGelu': [(x) => x * sigmoid(1.3 * x), { alpha: 1.3 }, 'com.microsoft'],
  };
  test.each(Object.keys(single))('%s', async (name) => {
    const [f, attributes = {}, domain = ''] = single[name]!;
    await property(
      draw.map(({ dims, mode }) => ({
        ...mode,
        inputs: [of(dims, 3, apart)],
        reference: (x) => x.map(f),
        build: (g, [x]) => {
          const bounds = name === 'Clip' ? [-0.4, 0.5].map((b) => g.constant(f32([b], []))) : [];
          const y = g.op(name.split(':').at(-1)!.split(' ')[0]!, [x!, ...bounds], attributes, domain);
          return name === 'Floor' ? g.op('Add', [x!, y]) : y;
        },
      })),
    );
  });

  test('Mean', () =>
    property(
      draw.map(({ dims, mode }) => ({
        ...mode,
        inputs: [of(dims, 1), of(dims, 2)],
        reference: (a, b) => a.map((x, i) => (x + b[i]!) / 2),
        build: (g, [a, b]) => g.op('Mean', [a!, b!]),
      })),
    ));
});

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
});
