import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Attribute } from '../../onnx/build.ts';
import { f32 } from '../../tensor.ts';
import { apart, mode, of, positive, property, shape } from '../testing/properties.ts';

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
