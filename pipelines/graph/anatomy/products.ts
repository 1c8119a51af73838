import type { NodeProto } from 'onnx-buf';
import { intAttr } from '../onnx/attributes.ts';
import { shapeOf } from '../onnx/values.ts';
import type { Flow } from './flow.ts';

/** A product of a value with a constant matrix. */
export interface Product {
  readonly node: NodeProto;
  /** The value that is multiplied, `[..., inner]`. */
  readonly data: string;
  /** Name of the stored matrix (packed, for quantised ones). */
  readonly weight: string;
  readonly inner?: number;
  readonly outer?: number;
}

type Sizes = (
  node: NodeProto,
  shape: (input: number) => readonly number[] | undefined,
) => [number | undefined, number | undefined];

const plain: Sizes = (node, shape) => {
  const w = shape(1) ?? [];
  const [inner, outer] = [w.at(-2), w.at(-1)];
  return intAttr(node, 'transB', 0) ? [outer, inner] : [inner, outer];
};

/** Ops that multiply by a matrix in input 1, with how they tell `[inner, outer]`. */
const PRODUCTS: Readonly<Record<string, Sizes>> = {
  MatMul: plain,
  Gemm: plain,
  FusedMatMul: plain,
  FusedGemm: plain,
  MatMulInteger: plain,
  DynamicQuantizeMatMul: plain,
  MatMulNBits: (node) => [intAttr(node, 'K', 0), intAttr(node, 'N', 0)],
  MatMulBnb4: (node) => [intAttr(node, 'K', 0), intAttr(node, 'N', 0)],
};

/** Shape of a constant, seen through the nodes that only transpose, cast or unpack it. */
export function constantShape(flow: Flow, name: string): readonly number[] | undefined {
  const weight = flow.graph.initializer(name);
  if (weight) return shapeOf(weight);
  const node = flow.graph.producer(name);
  if (!node) return undefined;
  const below = node.input[0] ? constantShape(flow, node.input[0]) : undefined;
  if (node.opType === 'Transpose') return below && [...below].reverse();
  if (['Cast', 'Identity', 'DequantizeLinear'].includes(node.opType)) return below;
  return flow.graph.constant(name)?.dims;
}

/** The product that a node computes, if it has exactly one constant factor. */
export function productOf(flow: Flow, node: NodeProto): Product | undefined {
  const sizes = PRODUCTS[node.opType];
  const [data, weight] = node.input;
  if (!sizes || !data || !weight || flow.isConstant(data) || !flow.isConstant(weight)) return undefined;
  const [inner, outer] = sizes(node, (input) => constantShape(flow, node.input[input]!));
  return { node, data, weight, ...(inner ? { inner } : {}), ...(outer ? { outer } : {}) };
}
