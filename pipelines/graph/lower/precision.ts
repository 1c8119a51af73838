import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { ONNX_TYPE, tensorProto, valueInfo } from '../onnx/build.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { halfToNumber, shapeOf, tensorValue } from '../onnx/values.ts';
import { f32, sizeOf, type Tensor } from '../tensor.ts';

/** Element types that are widened: float16 and bfloat16. */
const NARROW = new Set([10, 16]);
/** Weights up to this size are widened here, larger ones by the runtime, which keeps them out of the file. */
const LARGE = 2 ** 22;
/** Attributes that name an element type. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'output_dtype']);

/** Every float16 pattern's value. */
let halves: Float32Array | undefined;
const halfTable = () => {
  halves ??= Float32Array.from({ length: 65536 }, (_, pattern) => halfToNumber(pattern));
  return halves;
};

/** A tensor of float16 as float32. */
export function widen(tensor: Tensor): Tensor {
  if (tensor.type !== 'float16') return tensor;
  const table = halfTable();
  return f32(
    Float32Array.from(tensor.data as Uint16Array, (pattern) => table[pattern]!),
    tensor.dims,
  );
}

const float = (info: ValueInfoProto): ValueInfoProto => {
  const type = info.type?.value;
  if (type?.case !== 'tensorType' || !NARROW.has(type.value.elemType)) return info;
  const wide = valueInfo(info.name, 'float32', []);
  if (wide.type?.value.case === 'tensorType' && type.value.shape) wide.type.value.value.shape = type.value.shape;
  return wide;
};

function widenAttribute(a: AttributeProto): AttributeProto {
  if (TYPE_ATTRIBUTES.has(a.name) && NARROW.has(Number(a.i)))
    return create(AttributeProtoSchema, { name: a.name, type: AttributeType.INT, i: BigInt(ONNX_TYPE.float32) });
  if (a.t && NARROW.has(a.t.dataType))
    return create(AttributeProtoSchema, {
      name: a.name,
      type: AttributeType.TENSOR,
      t: tensorProto(widen(tensorValue(a.t))),
    });
  return a;
}

function widenWeight(graph: EditableGraph, weight: TensorProto): void {
  if (sizeOf(shapeOf(weight)) <= LARGE) {
    graph.setWeight(tensorProto(widen(tensorValue(weight, graph.model.external)), weight.name));
    return;
  }
  const narrow = graph.fresh('narrow');
  graph.setWeight(Object.assign(Object.create(Object.getPrototypeOf(weight)), weight, { name: narrow }));
  const cast = graph.op('Cast', [narrow], { to: ONNX_TYPE.float32 });
  graph.replaceUses(weight.name, cast);
}

/** Products with packed weights round their inputs to 8 bits unless told to compute in float32 (accuracy level 1). */
function computeInFloat(node: NodeProto): void {
  if (node.opType !== 'MatMulNBits') return;
  const exact = create(AttributeProtoSchema, { name: 'accuracy_level', type: AttributeType.INT, i: 1n });
  node.attribute = [...node.attribute.filter((a) => a.name !== 'accuracy_level'), exact];
}

/**
 * Lets a graph of half precision compute in float32 with the weights that it stores: taps and gradients are then those of these
 * weights, not of the rounding of every intermediate value. Values keep their names. A float32 graph stays as it is.
 */
export function computeInFloat32(graph: EditableGraph): void {
  for (const node of graph.nodes) {
    computeInFloat(node);
    if (node.attribute.some((a) => widenAttribute(a) !== a)) node.attribute = node.attribute.map(widenAttribute);
  }
  for (const weight of [...graph.initializers.values()]) if (NARROW.has(weight.dataType)) widenWeight(graph, weight);
  graph.inputs = graph.inputs.map(float);
  graph.outputs = graph.outputs.map(float);
}
