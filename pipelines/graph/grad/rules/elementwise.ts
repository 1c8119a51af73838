import { equalShapes, times } from '../cotangent.ts';
import { type Rule, type RuleContext, rule, stop } from '../rule.ts';

const [A, B] = [0, 1] as const;
const input = (c: RuleContext, i: number) => c.node.input[i]!;
const output = (c: RuleContext) => c.node.output[0]!;

/** Factor 1 where `test` (a bool value) holds, else 0. */
const indicator = (c: RuleContext, test: string) => c.tape.pure('CastLike', [test, output(c)]);

/** `x sigmoid(x)` as one function of `x`: fewer products than those of its two factors. Whether it was that. */
function swished(c: RuleContext): boolean {
  const { tape, node } = c;
  const [x, gate] = c.maker(input(c, B))?.opType === 'Sigmoid' ? [A, B] : [B, A];
  const sigmoid = c.maker(input(c, gate));
  if (sigmoid?.opType !== 'Sigmoid' || sigmoid.input[0] !== node.input[x] || !c.wants(x)) return false;
  const s = sigmoid.output[0]!;
  c.scale(x, tape.pure('Add', [s, tape.pure('Mul', [output(c), tape.pure('Sub', [tape.scalar(1, s), s])])]));
  return true;
}

const multiply = rule((c) => {
  if (swished(c)) return;
  if (c.wants(A)) c.scale(A, input(c, B));
  if (c.wants(B)) c.scale(B, input(c, A));
});

const divide = rule((c) => {
  const { tape } = c;
  if (c.wants(A)) c.scale(A, tape.pure('Reciprocal', [input(c, B)]));
  if (c.wants(B)) c.scale(B, tape.pure('Neg', [tape.pure('Div', [output(c), input(c, B)])]));
});

/** `2 x`: a cotangent that is one number a row is doubled itself, having fewer elements than `x`. */
function square(c: RuleContext, x: string): void {
  const { tape } = c;
  const { base, factor } = c.parts();
  const two = tape.scalar(2, x);
  const narrow = tape.facts.shape(base)?.at(-1) === 1 && c.shape(x).at(-1) !== 1;
  // an exponent of more axes than x gives more axes to the result
  if (narrow && equalShapes(c.shape(x), c.shape(output(c))))
    c.give(A, tape.op('Mul', [base, two]), times(tape, factor, x));
  else c.scale(A, tape.pure('Mul', [x, two]));
}

/** `x^p`: `p x^(p-1)` for the base, `y ln x` for the exponent; squares, which norms are full of, cost one product. */
const power = rule((c) => {
  const { tape } = c;
  const [x, p] = [input(c, A), input(c, B)];
  if (c.wants(A)) {
    const exponent = tape.facts.constant(p);
    if (exponent && exponent.data.length === 1 && Number(exponent.data[0]) === 2) square(c, x);
    else {
      const like = tape.pure('CastLike', [p, x]);
      const less = tape.pure('Pow', [x, tape.pure('Sub', [like, tape.scalar(1, x)])]);
      c.scale(A, tape.pure('Mul', [like, less]));
    }
  }
  if (c.wants(B)) c.scale(B, tape.pure('Mul', [output(c), tape.pure('Log', [x])]));
});

/** Maximum and minimum of any number of inputs; equal inputs share the gradient. */
const extremum = rule((c) => {
  const { tape, node } = c;
  const wins = node.input.map((x) => indicator(c, tape.pure('Equal', [x, output(c)])));
  const ties = wins.reduce((a, b) => tape.pure('Add', [a, b]));
  for (let i = 0; i < wins.length; i += 1) if (c.wants(i)) c.scale(i, tape.pure('Div', [wins[i]!, ties]));
});

const where = rule(
  (c) => {
    const yes = indicator(c, input(c, 0));
    if (c.wants(1)) c.scale(1, yes);
    if (c.wants(2)) c.scale(2, c.tape.pure('Sub', [c.tape.scalar(1, output(c)), yes]));
  },
  [1, 2],
);

const sum = rule((c) => {
  for (let i = 0; i < c.node.input.length; i += 1) if (c.wants(i)) c.scale(i);
});

const mean = rule((c) => {
  const share = c.tape.scalar(1 / c.node.input.length, output(c));
  for (let i = 0; i < c.node.input.length; i += 1) if (c.wants(i)) c.scale(i, share);
});

/** A linear map of floats that may change their width: the gradient is cast back. */
const cast = rule(
  (c) => {
    const { tape, node } = c;
    const same = tape.facts.type(node.input[0]!) === tape.facts.type(node.output[0]!);
    if (same) c.scale(0);
    else c.give(0, tape.op('CastLike', [c.cotangent(), node.input[0]!]));
  },
  [0],
);

const clip = rule(
  (c) => {
    const { tape } = c;
    const [x, low, high] = c.node.input;
    const tests = [low ? [x!, low] : [], high ? [high, x!] : []].filter((t) => t.length);
    const inside = tests.map(([a, b]) => tape.pure('GreaterOrEqual', [a!, b!]));
    if (inside.length === 0) c.scale(0);
    else
      c.scale(
        0,
        indicator(
          c,
          inside.reduce((a, b) => tape.pure('And', [a, b])),
        ),
      );
  },
  [0],
);

/** Elementwise operators with broadcasting. */
export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  Add: sum,
  Sum: sum,
  Mean: mean,
  Sub: rule((c) => {
    if (c.wants(A)) c.scale(A);
    if (c.wants(B)) c.scale(B, c.tape.scalar(-1, output(c)));
  }),
  Mul: multiply,
  Div: divide,
  Pow: power,
  Max: extremum,
  Min: extremum,
  Where: where,
  Clip: clip,
  Cast: cast,
  CastLike: cast,
  Identity: rule((c) => c.scale(0)),
  Dropout: rule((c) => c.scale(0), [0]),
  Mod: stop('piecewise constant or integer'),
  Floor: stop('piecewise constant'),
  Ceil: stop('piecewise constant'),
  Round: stop('piecewise constant'),
  Sign: stop('piecewise constant'),
};
