import type { NodeProto } from 'onnx-buf';
import { intAttr, intsAttr } from '../onnx/attributes.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import type { Tape } from './tape.ts';

/** The node that makes a value, past casts that change nothing. */
function maker(graph: EditableGraph, { facts }: Tape, value: string): NodeProto | undefined {
  let node = graph.producer(value);
  while (node?.opType === 'Cast' && facts.type(node.input[0]!) === facts.type(node.output[0]!))
    node = graph.producer(node.input[0]!);
  return node;
}

/** The other of a product's two factors. */
const other = (node: NodeProto, value: string): string => node.input.find((name) => name !== value) ?? value;

/** The mean square of a value along its last axis, and what is added to it, if `root` is the square root of their sum. */
function meanSquare(graph: EditableGraph, tape: Tape, root: NodeProto | undefined) {
  const sum = root?.opType === 'Sqrt' ? graph.producer(root.input[0]!) : undefined;
  const mean =
    sum?.opType === 'Add' ? sum.input.find((name) => graph.producer(name)?.opType === 'ReduceMean') : undefined;
  const node = mean && graph.producer(mean);
  const epsilon = mean && graph.numbers(other(sum!, mean));
  if (!node || typeof epsilon?.[0] !== 'number' || epsilon.length !== 1 || intAttr(node, 'keepdims', 1) !== 1)
    return undefined;
  const rank = tape.facts.shape(node.input[0]!)?.length;
  const axes = node.input[1] ? graph.numbers(node.input[1]) : intsAttr(node, 'axes');
  const last = axes?.length === 1 && rank && (axes[0] === -1 || axes[0] === rank - 1);
  const square = graph.producer(node.input[0]!);
  if (!last || !square) return undefined;
  const [x, y] = square.input as [string, string];
  const squared = square.opType === 'Pow' ? graph.numbers(y)?.join() === '2' : square.opType === 'Mul' && x === y;
  return squared ? { x, epsilon: epsilon[0]! } : undefined;
}

/** `scale x / sqrt(mean x^2 + epsilon)`, if `node` is its last product. */
function rmsNorm(graph: EditableGraph, tape: Tape, node: NodeProto) {
  if (node.opType !== 'Mul') return undefined;
  for (const scale of node.input) {
    const unit = maker(graph, tape, other(node, scale));
    if (unit?.opType !== 'Mul' || tape.facts.shape(scale)?.length !== 1) continue;
    for (const factor of unit.input) {
      const inverse = graph.producer(factor);
      const one = inverse?.opType === 'Div' && graph.numbers(inverse.input[0]!)?.join() === '1';
      const root = one ? inverse.input[1] : inverse?.opType === 'Reciprocal' ? inverse.input[0] : undefined;
      const found = root && meanSquare(graph, tape, graph.producer(root));
      if (found && found.x === other(unit, factor)) return { ...found, scale };
    }
  }
  return undefined;
}

/**
 * Norms that the exporter wrote out become the fused operator with its inverse deviation, of which the gradient needs fewer products of forward
 * values. The values inside stay for those who read them.
 */
export function fuseNorms(graph: EditableGraph, tape: Tape): void {
  for (const node of [...graph.nodes]) {
    if (node.opType === 'SimplifiedLayerNormalization' && !node.output[1]) {
      graph.nodeOutput(node, 1);
      tape.facts.infer(node);
      continue;
    }
    const norm = rmsNorm(graph, tape, node);
    if (!norm || tape.facts.type(norm.x) !== 'float32') continue;
    const { x, scale, epsilon } = norm;
    const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
    const [fused] = tape.ops('SimplifiedLayerNormalization', [x, scale], attributes, 2);
    graph.removeNode(node);
    graph.setOutput(graph.producer(fused!)!, 0, node.output[0]!);
  }
}
