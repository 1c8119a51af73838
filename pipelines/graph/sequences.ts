import type { NodeProto } from 'onnx-buf';
import { intAttr } from './onnx/attributes.ts';
import type { EditableGraph } from './onnx/graph.ts';

/** Where a piece of a split lies on its axis. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/** The piece of number `index`; undefined where the graph alone does not tell it. */
function pieceOf(sizes: readonly number[], scalar: boolean, index: number): Piece | undefined {
  // pieces of one size may be any number, the last of them shorter
  if (scalar) return index < 0 ? undefined : { start: index * sizes[0]!, end: (index + 1) * sizes[0]! };
  const at = index < 0 ? index + sizes.length : index;
  if (at < 0 || at >= sizes.length) return undefined;
  const start = sizes.slice(0, at).reduce((a, b) => a + b, 0);
  return { start, end: start + sizes[at]! };
}

/**
 * A split into a list whose pieces are taken out by constant numbers, as exporters write it that do not optimise: each
 * piece becomes a slice. A list that anything else reads stays.
 */
export function sliceSequence(graph: EditableGraph, node: NodeProto): void {
  const [value, split] = node.input as [string, string?];
  const sequence = node.output[0]!;
  const readers = graph.consumers(sequence);
  const sizes = split ? graph.numbers(split) : [1];
  if (!sizes?.length || graph.isOutput(sequence)) return;
  const scalar = !split || graph.constant(split)!.dims.length === 0;
  const axis = intAttr(node, 'axis', 0);
  const pieces = readers.map((reader) => {
    const index = reader.opType === 'SequenceAt' && reader.input[0] === sequence ? graph.numbers(reader.input[1]!) : [];
    return index?.length === 1 ? pieceOf(sizes, scalar, index[0]!) : undefined;
  });
  if (pieces.includes(undefined)) return;
  const squeezed = !split && intAttr(node, 'keepdims', 1) === 0;
  for (const reader of [node, ...readers]) graph.removeNode(reader);
  readers.forEach((reader, i) => {
    const { start, end } = pieces[i]!;
    const slice = graph.op('Slice', [value, graph.addInts([start]), graph.addInts([end]), graph.addInts([axis])]);
    const piece = squeezed ? graph.op('Squeeze', [slice, graph.addInts([axis])]) : slice;
    graph.setOutput(graph.producer(piece)!, 0, reader.output[0]!);
  });
}
