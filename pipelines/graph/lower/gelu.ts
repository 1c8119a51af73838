import { floatAttr, stringAttr } from '../onnx/attributes.ts';
import type { LowerContext, Lowering } from './kit.ts';

/** `x/2 (1 + erf(x / sqrt 2))`. */
function exact({ tape }: LowerContext, x: string): string {
  const erf = tape.op('Erf', [tape.op('Mul', [x, tape.scalar(Math.SQRT1_2, x)])]);
  const half = tape.op('Mul', [x, tape.scalar(0.5, x)]);
  return tape.op('Mul', [half, tape.op('Add', [erf, tape.scalar(1, x)])]);
}

/** `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`. */
function approximate({ tape }: LowerContext, x: string): string {
  const cubic = tape.op('Mul', [tape.op('Mul', [x, x]), tape.scalar(0.044715, x)]);
  const inner = tape.op('Mul', [x, tape.op('Add', [cubic, tape.scalar(1, x)])]);
  const tanh = tape.op('Tanh', [tape.op('Mul', [inner, tape.scalar(Math.sqrt(2 / Math.PI), x)])]);
  return tape.op('Mul', [tape.op('Mul', [x, tape.scalar(0.5, x)]), tape.op('Add', [tanh, tape.scalar(1, x)])]);
}

const biased = (c: LowerContext): string => (c.input(1) ? c.tape.op('Add', [c.need(0), c.need(1)]) : c.need(0));

/** Gaussian error linear units and their kin. */
export const GELUS: Readonly<Record<string, Lowering>> = {
  Gelu: (c) => ({
    outputs: [stringAttr(c.node, 'approximate', 'none') === 'tanh' ? approximate(c, c.need(0)) : exact(c, c.need(0))],
  }),
  'com.microsoft:Gelu': (c) => ({ outputs: [exact(c, c.need(0))] }),
  'com.microsoft:BiasGelu': (c) => ({ outputs: [exact(c, biased(c))] }),
  'com.microsoft:FastGelu': (c) => ({ outputs: [approximate(c, biased(c))] }),
  'com.microsoft:QuickGelu': (c) => {
    const x = c.need(0);
    const sigmoid = c.tape.op('Sigmoid', [c.tape.op('Mul', [x, c.tape.scalar(floatAttr(c.node, 'alpha', 1.702), x)])]);
    return { outputs: [c.tape.op('Mul', [x, sigmoid])] };
  },
  /** The first half times the GELU of the second, after a bias. */
  'com.microsoft:BiasSplitGelu': (c) => {
    const [value, gate] = c.tape.ops('Split', [biased(c)], { axis: -1, num_outputs: 2 }, 2) as [string, string];
    return { outputs: [c.tape.op('Mul', [value, exact(c, gate)])] };
  },
};
