import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from './grad/testing/finite.ts';
import { GraphBuilder } from './onnx/build.ts';
import { adam, parameterInputs } from './optim.ts';
import { openSession } from './session.ts';
import { f32, type Tensor } from './tensor.ts';
import { gradients } from './train.ts';

describe('gradients of a loss', () => {
  test('of a two-layer network agree with the formula', async () => {
    const g = new GraphBuilder();
    const [x, w, b] = [
      g.input('x', 'float32', ['n', 2]),
      g.input('w', 'float32', [2, 2]),
      g.input('b', 'float32', [2]),
    ];
    const y = g.op('Relu', [g.op('Add', [g.op('MatMul', [x, w]), b])]);
    const loss = g.op('ReduceSum', [g.op('Mul', [y, y])], { keepdims: 0 });
    const grads = gradients(g, loss, ['w', 'b']);
    g.output(grads.w, 'dw', 'float32', [2, 2]);
    g.output(grads.b, 'db', 'float32', [2]);
    const session = await openSession(g.toBytes());
    // y = relu([[1, -1], [3, 0]]), dL/dy = 2 y: dw = x^T 2y, db = the sum of 2y over rows
    const out = await session.run({ x: f32([1, 0, 0, 1], [2, 2]), w: f32([1, -1, 3, 0], [2, 2]), b: f32([0, 0]) });
    await session.close();
    expect([...out['dw']!.data]).toEqual([2, 0, 6, 0]);
    expect([...out['db']!.data]).toEqual([8, 0]);
  });

  test('a parameter that the loss does not read is an error, and so is an operator without a rule', () => {
    const g = new GraphBuilder();
    const [x, w] = [g.input('x', 'float32', [2]), g.input('w', 'float32', [2])];
    const loss = g.op('ReduceSum', [x], { keepdims: 0 });
    expect(() => gradients(g, loss, ['w'])).toThrow(/"w"/);
    expect(() => gradients(g, g.op('Det', [w]), ['w'])).toThrow(/no gradient rule for Det/);
  });
});

/** One Adam step by its definition, in float64. */
function adamStep(
  p: number[],
  grad: number[],
  m: number[],
  v: number[],
  t: number,
  o: { lr: number; b1: number; b2: number; eps: number; decay: number },
) {
  return p.map((x, i) => {
    m[i] = o.b1 * m[i]! + (1 - o.b1) * grad[i]!;
    v[i] = o.b2 * v[i]! + (1 - o.b2) * grad[i]! ** 2;
    const change = m[i]! / (1 - o.b1 ** t) / (Math.sqrt(v[i]! / (1 - o.b2 ** t)) + o.eps);
    return x - o.lr * o.decay * x - o.lr * change;
  });
}

test('Adam follows its definition for any settings, over many steps', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        b1: fc.constantFrom(0, 0.9),
        b2: fc.constantFrom(0.99, 0.999),
        eps: fc.constantFrom(1e-8, 1e-3),
        decay: fc.constantFrom(0, 0.1),
      }),
      async ({ b1, b2, eps, decay }) => {
        const g = new GraphBuilder();
        const [lr, step] = [g.input('lr', 'float32', []), g.input('t', 'float32', [])];
        const state = parameterInputs(g, 'w', [3]);
        const grad = g.input('grad', 'float32', [3]);
        const next = adam(g, { lr, step }, { betas: [b1, b2], eps, weightDecay: decay })({ ...state, grad });
        g.output(next.value, 'value', 'float32', [3]);
        g.output(next.m, 'm', 'float32', [3]);
        g.output(next.v, 'v', 'float32', [3]);
        const session = await openSession(g.toBytes());
        let feeds: Record<string, Tensor> = { w: f32([1, -2, 3]), 'w.m': f32([0, 0, 0]), 'w.v': f32([0, 0, 0]) };
        let [p, m, v] = [
          [1, -2, 3],
          [0, 0, 0],
          [0, 0, 0],
        ];
        for (let t = 1; t <= 20; t += 1) {
          const gradient = noise(3, t);
          p = adamStep(p, gradient, m, v, t, { lr: 0.05, b1, b2, eps, decay });
          const inputs = Object.fromEntries(
            session.inputNames.map((name) => [
              name,
              { ...feeds, lr: f32([0.05], []), t: f32([t], []), grad: f32(gradient) }[name]!,
            ]),
          );
          const out = await session.run(inputs);
          feeds = { w: out['value']!, 'w.m': out['m']!, 'w.v': out['v']! };
        }
        await session.close();
        // float32 state: 20 steps of rounding at 1e-7
        (feeds['w']!.data as Float32Array).forEach((x, i) => {
          expect(Math.abs(x - p[i]!)).toBeLessThan(5e-6);
        });
      },
    ),
    { numRuns: 8, seed: 2 },
  ));
