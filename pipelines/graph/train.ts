import { GraphError } from './errors.ts';
import { differentiate } from './grad/differentiate.ts';
import { builderSink, Tape } from './grad/tape.ts';
import type { GraphBuilder } from './onnx/build.ts';
import { Facts } from './shape/facts.ts';

/**
 * Gradients of a scalar loss written with a `GraphBuilder`, added to the same graph.
 *
 * @param loss name of the loss; any shape, whose elements are summed
 * @param params names of the inputs, constants or values to differentiate with respect to
 * @param seed name of the loss's cotangent, of its shape; ones where absent
 * @returns by parameter the name of its gradient, of the parameter's shape
 * @throws GraphError `unsupported` at an operator without a rule, `argument` if the loss does not depend on a parameter
 *
 * @example
 * const g = new GraphBuilder();
 * const [x, w] = [g.input('x', 'float32', ['n', 4]), g.input('w', 'float32', [4, 2])];
 * const y = g.op('MatMul', [x, w]);
 * const loss = g.op('ReduceSum', [g.op('Mul', [y, y])], { keepdims: 0 });
 * const { w: dw } = gradients(g, loss, ['w']);
 */
export function gradients<P extends string>(
  builder: GraphBuilder,
  loss: string,
  params: readonly P[],
  seed?: string,
): Record<P, string> {
  const nodes = [...builder.nodes];
  const tape = new Tape(new Facts({ ...builder, nodes }), builderSink(builder));
  const cotangent = seed ?? tape.op('Expand', [tape.scalar(1, loss), tape.shapeOf(loss)]);
  const grads = differentiate(tape, nodes, [{ value: loss, cotangent }], params);
  for (const name of params)
    if (!grads.has(name))
      throw new GraphError('argument', `the loss does not depend on "${name}"`, 'leave it out of the parameters');
  return Object.fromEntries(grads) as Record<P, string>;
}
