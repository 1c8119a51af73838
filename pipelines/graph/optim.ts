import type { Dim, GraphBuilder } from './onnx/build.ts';
import { f32 } from './tensor.ts';

export interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** Decoupled weight decay (AdamW): the parameter also shrinks by `lr * weightDecay` of itself. */
  readonly weightDecay?: number;
}

/** Names of graph inputs that a step needs beside the parameters and their state. */
export interface AdamInputs {
  /** Learning rate, a float32 scalar. */
  readonly lr: string;
  /** Number of this step, from 1, a float32 scalar. */
  readonly step: string;
}

/** One parameter as the update sees it; all are value names of the parameter's shape. */
export interface AdamParameter {
  readonly value: string;
  readonly grad: string;
  readonly m: string;
  readonly v: string;
}

/** Names of the values after the step. */
export type AdamState = Pick<AdamParameter, 'value' | 'm' | 'v'>;

/**
 * Adam as graph nodes (Kingma and Ba 2015, algorithm 1), `eps` outside the root: bias-corrected
 * `p - lr m/(1-b1^t) / (sqrt(v/(1-b2^t)) + eps)`. The corrections are scalars, made once for all parameters.
 *
 * @returns a function that adds the update of one parameter and gives the names of its new value and state
 *
 * @example
 * const step = adam(g, { lr: g.input('lr', 'float32', []), step: g.input('t', 'float32', []) });
 * const next = step({ value: 'w', grad: dw, m: g.input('w.m', 'float32', [4, 2]), v: g.input('w.v', 'float32', [4, 2]) });
 * g.output(next.value, 'w.next', 'float32', [4, 2]);
 */
export function adam(
  g: GraphBuilder,
  inputs: AdamInputs,
  options: AdamOptions = {},
): (parameter: AdamParameter) => AdamState {
  const [b1, b2] = options.betas ?? [0.9, 0.999];
  const scalar = (x: number) => g.constant(f32([x], []));
  const one = scalar(1);
  // 1 - e^-2a = 2 tanh(a) / (1 + tanh(a)): as float32, 1 - beta^t would lose half its digits in the first steps
  const correction = (beta: number) => {
    if (beta === 0) return one;
    const t = g.op('Tanh', [g.op('Mul', [inputs.step, scalar(-Math.log(beta) / 2)])]);
    return g.op('Div', [g.op('Mul', [t, scalar(2)]), g.op('Add', [t, one])]);
  };
  const rate = g.op('Div', [inputs.lr, correction(b1)]);
  const root = g.op('Sqrt', [correction(b2)]);
  const [keep1, take1, keep2, take2] = [b1, 1 - b1, b2, 1 - b2].map(scalar) as [string, string, string, string];
  // lr m^/(sqrt(v^) + eps) = (lr/c1) sqrt(c2) m / (sqrt(v) + eps sqrt(c2)): two passes fewer over the state
  const eps = g.op('Mul', [scalar(options.eps ?? 1e-8), root]);
  const step = g.op('Mul', [rate, root]);
  const decay = options.weightDecay ? g.op('Sub', [one, g.op('Mul', [inputs.lr, scalar(options.weightDecay)])]) : '';
  return ({ value, grad, m, v }) => {
    const m2 = b1 === 0 ? grad : g.op('Add', [g.op('Mul', [m, keep1]), g.op('Mul', [grad, take1])]);
    const v2 = g.op('Add', [g.op('Mul', [v, keep2]), g.op('Mul', [g.op('Mul', [grad, grad]), take2])]);
    const change = g.op('Div', [g.op('Mul', [m2, step]), g.op('Add', [g.op('Sqrt', [v2]), eps])]);
    return { value: g.op('Sub', [decay ? g.op('Mul', [value, decay]) : value, change]), m: m2, v: v2 };
  };
}

/** Declares the inputs `<name>`, `<name>.m`, `<name>.v` of a parameter and returns their names. */
export function parameterInputs(g: GraphBuilder, name: string, dims: readonly Dim[]): Omit<AdamParameter, 'grad'> {
  const [value, m, v] = [name, `${name}.m`, `${name}.v`].map((n) => g.input(n, 'float32', dims));
  return { value: value!, m: m!, v: v! };
}
