import type { EditableGraph } from '../onnx/graph.ts';
import { f32 } from '../tensor.ts';

/** The least float32: what stands in for minus infinity. */
const LOWEST = -3.4028234663852886e38;

/**
 * A softmax whose rows may be masked whole, and whose answer is then tested with `IsNaN`: GPUs have no such operator, and
 * their compilers may take it that nothing is ever NaN. The test is made on the scores instead, and no NaN arises.
 */
export function testScores(graph: EditableGraph): void {
  for (const node of [...graph.nodes]) {
    const softmax = graph.producer(node.input[0] ?? '');
    if (node.opType !== 'IsNaN' || softmax?.opType !== 'Softmax') continue;
    const scores = softmax.input[0]!;
    const lowest = graph.addConstant(f32([LOWEST], []));
    const most =
      graph.opset >= 18
        ? graph.op('ReduceMax', [scores, graph.addInts([-1])], { keepdims: 1 })
        : graph.op('ReduceMax', [scores], { keepdims: 1, axes: { ints: [-1] } });
    graph.replaceUses(node.output[0]!, graph.op('LessOrEqual', [most, lowest]));
    graph.removeNode(node);
    graph.setInput(softmax, 0, graph.op('Max', [scores, lowest]));
  }
}
