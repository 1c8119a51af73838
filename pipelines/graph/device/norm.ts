import { floatAttr } from '../onnx/attributes.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { reduceLast } from '../onnx/reduce.ts';
import { f32 } from '../tensor.ts';

/** The factor of an RMS norm, its second output, which the runtime's GPU kernel leaves wrong: it is computed apart. */
export function computeFactors(graph: EditableGraph): void {
  for (const node of [...graph.nodes]) {
    const factor = node.output[1];
    if (node.opType !== 'SimplifiedLayerNormalization' || !factor) continue;
    graph.setOutput(node, 1, '');
    const x = node.input[0]!;
    const squares = graph.op('Mul', [x, x]);
    const mean = reduceLast(graph, 'ReduceMean', squares);
    const epsilon = graph.addConstant(f32([floatAttr(node, 'epsilon', 1e-5)], []));
    const root = graph.op('Sqrt', [graph.op('Add', [mean, epsilon])]);
    graph.setOutput(graph.producer(graph.op('Reciprocal', [root]))!, 0, factor);
    if (!node.output[0] || (graph.consumers(node.output[0]).length === 0 && !graph.isOutput(node.output[0])))
      graph.removeNode(node);
  }
}
