import { intAttr } from '../../onnx/attributes.ts';
import { type Rule, rule } from '../rule.ts';

/** `dx = y g - y sum(y g)` along the axis. */
const softmax = rule((c) => {
  const { tape, node } = c;
  const y = node.output[0]!;
  const axis = tape.ints([c.axis(intAttr(node, 'axis', -1))]);
  const weighted = c.cotangent(0, y);
  const sum = tape.op('ReduceSum', [weighted, axis], { keepdims: 1 });
  c.give(0, tape.op('Sub', [weighted, tape.op('Mul', [sum, y])]));
});

/** `dx = g - exp(y) sum(g)` along the axis. */
const logSoftmax = rule((c) => {
  const { tape, node } = c;
  const g = c.cotangent();
  const axis = tape.ints([c.axis(intAttr(node, 'axis', -1))]);
  c.give(0, g);
  const probability = tape.pure('Neg', [tape.pure('Exp', [node.output[0]!])]);
  c.give(0, tape.op('ReduceSum', [g, axis], { keepdims: 1 }), probability);
});

/** Normalised exponentials. */
export const SOFTMAX: Readonly<Record<string, Rule>> = { Softmax: softmax, LogSoftmax: logSoftmax };
