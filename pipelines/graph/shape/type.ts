import type { NodeProto } from 'onnx-buf';
import { intAttr } from '../onnx/attributes.ts';
import { elementType } from '../onnx/values.ts';
import type { ElementType } from '../tensor.ts';

const BOOLEAN = new Set('Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor Not IsNaN IsInf'.split(' '));
const INTEGER = new Set('Shape Size NonZero ArgMax ArgMin'.split(' '));

/** Their second and later outputs, mean and deviation, are float32 whatever the input is. */
const STATISTICS = new Set(['LayerNormalization', 'SimplifiedLayerNormalization']);

/** Input whose type the output has, where it is not the first. */
const TYPED_BY: Readonly<Record<string, number>> = {
  CastLike: 1,
  Where: 1,
  DequantizeLinear: 1,
  GatherBlockQuantized: 2,
  EmbedLayerNormalization: 2,
  OneHot: 2,
};

/** Element type of a node's output, from the operator's kind and its inputs' types. */
export function outputType(
  node: NodeProto,
  output: number,
  typeOf: (value: string) => ElementType | undefined,
): ElementType | undefined {
  const { opType, input } = node;
  if (BOOLEAN.has(opType)) return 'bool';
  if (INTEGER.has(opType) || (opType === 'TopK' && output === 1)) return 'int64';
  if (output > 0 && STATISTICS.has(opType)) return 'float32';
  if (opType === 'Cast') return elementType(intAttr(node, 'to', 1));
  if (opType === 'ConstantOfShape') {
    const fill = node.attribute.find((a) => a.name === 'value')?.t;
    return fill ? elementType(fill.dataType) : 'float32';
  }
  const table = TYPED_BY[opType];
  if (table !== undefined) return typeOf(input[table] ?? '');
  return typeOf(input[0]!);
}
