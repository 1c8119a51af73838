import { floatAttr, stringAttr } from '../../onnx/attributes.ts';
import { type Rule, type RuleContext, rule } from '../rule.ts';

/** Arithmetic on forward values, spelt short: `f.mul(x, 2)`. Numbers become scalars of the value's type. */
function arithmetic(c: RuleContext) {
  const { tape } = c;
  const like = c.node.output[0]!;
  const value = (v: string | number) => (typeof v === 'number' ? tape.scalar(v, like) : v);
  const op =
    (type: string) =>
    (...inputs: (string | number)[]) =>
      tape.pure(type, inputs.map(value));
  return {
    add: op('Add'),
    sub: op('Sub'),
    mul: op('Mul'),
    div: op('Div'),
    exp: op('Exp'),
    erf: op('Erf'),
    tanh: op('Tanh'),
    sigmoid: op('Sigmoid'),
    neg: op('Neg'),
    cos: op('Cos'),
    sin: op('Sin'),
    sign: op('Sign'),
    abs: op('Abs'),
    softplus: op('Softplus'),
    /** 1 where `a > b`, else 0. */
    greater: (a: string | number, b: string | number) =>
      tape.pure('CastLike', [tape.pure('Greater', [value(a), value(b)]), like]),
    if: (test: string, yes: string | number, no: string | number) => tape.pure('Where', [test, value(yes), value(no)]),
    above: (a: string | number, b: string | number) => tape.pure('Greater', [value(a), value(b)]),
  };
}
type Arithmetic = ReturnType<typeof arithmetic>;

/** A rule from the derivative of a function of one value, in terms of input `x` and output `y`. */
const unary = (slope: (f: Arithmetic, x: string, y: string, c: RuleContext) => string): Rule =>
  rule((c) => c.scale(0, slope(arithmetic(c), c.node.input[0]!, c.node.output[0]!, c)), [0]);

const SQRT_HALF = Math.SQRT1_2;
const INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
/** sqrt(2/pi) and the cubic coefficient of the tanh approximation of GELU (Hendrycks and Gimpel 2016). */
const [GELU_A, GELU_B] = [Math.sqrt(2 / Math.PI), 0.044715];

const geluErf = (f: Arithmetic, x: string) => {
  const cdf = f.mul(f.add(f.erf(f.mul(x, SQRT_HALF)), 1), 0.5);
  const pdf = f.mul(f.exp(f.mul(f.mul(x, x), -0.5)), INV_SQRT_2PI);
  return f.add(cdf, f.mul(x, pdf));
};
const geluTanh = (f: Arithmetic, x: string) => {
  const square = f.mul(x, x);
  const t = f.tanh(f.mul(f.mul(x, GELU_A), f.add(f.mul(square, GELU_B), 1)));
  const inner = f.mul(f.add(f.mul(square, 3 * GELU_B), 1), GELU_A);
  const slope = f.mul(f.mul(x, 0.5), f.mul(f.sub(1, f.mul(t, t)), inner));
  return f.add(f.mul(f.add(t, 1), 0.5), slope);
};
/** Of `y = x sigmoid(a x)`: `s + a y (1 - s)`. */
const swish = (f: Arithmetic, x: string, y: string, a: number) => {
  const s = f.sigmoid(a === 1 ? x : f.mul(x, a));
  const rest = f.mul(y, f.sub(1, s));
  return f.add(s, a === 1 ? rest : f.mul(rest, a));
};

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

/** Functions of one value. */
export const ACTIVATION: Readonly<Record<string, Rule>> = {
  Relu: unary((f, x) => f.greater(x, 0)),
  LeakyRelu: unary((f, x, _, c) => f.if(f.above(x, 0), 1, floatAttr(c.node, 'alpha', 0.01))),
  ThresholdedRelu: unary((f, x, _, c) => f.greater(x, floatAttr(c.node, 'alpha', 1))),
  Elu: unary((f, x, y, c) => f.if(f.above(x, 0), 1, f.add(y, floatAttr(c.node, 'alpha', 1)))),
  Selu: unary((f, x, y, c) => {
    const gamma = floatAttr(c.node, 'gamma', SELU.gamma);
    return f.if(f.above(x, 0), gamma, f.add(y, gamma * floatAttr(c.node, 'alpha', SELU.alpha)));
  }),
  Sigmoid: unary((f, _, y) => f.mul(y, f.sub(1, y))),
  HardSigmoid: unary((f, _, y, c) => f.mul(f.mul(f.greater(y, 0), f.greater(1, y)), floatAttr(c.node, 'alpha', 0.2))),
  Tanh: unary((f, _, y) => f.sub(1, f.mul(y, y))),
  Softplus: unary((f, x) => f.sigmoid(x)),
  Softsign: unary((f, x) => {
    const d = f.add(f.abs(x), 1);
    return f.div(1, f.mul(d, d));
  }),
  Mish: unary((f, x) => {
    const t = f.tanh(f.softplus(x));
    return f.add(t, f.mul(f.mul(x, f.sigmoid(x)), f.sub(1, f.mul(t, t))));
  }),
  Erf: unary((f, x) => f.mul(f.exp(f.neg(f.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  Exp: unary((_, __, y) => y),
  Log: unary((f, x) => f.div(1, x)),
  Sqrt: unary((f, _, y) => f.div(0.5, y)),
  Reciprocal: unary((f, _, y) => f.neg(f.mul(y, y))),
  Neg: unary((_, __, y, c) => c.tape.scalar(-1, y)),
  Abs: unary((f, x) => f.sign(x)),
  Sin: unary((f, x) => f.cos(x)),
  Cos: unary((f, x) => f.neg(f.sin(x))),
  Gelu: unary((f, x, _, c) => (stringAttr(c.node, 'approximate', 'none') === 'tanh' ? geluTanh(f, x) : geluErf(f, x))),
  Swish: unary((f, x, y, c) => swish(f, x, y, floatAttr(c.node, 'alpha', 1))),
  'com.microsoft:Gelu': unary((f, x) => geluErf(f, x)),
  'com.microsoft:QuickGelu': unary((f, x, y, c) => swish(f, x, y, floatAttr(c.node, 'alpha', 1.702))),
};
