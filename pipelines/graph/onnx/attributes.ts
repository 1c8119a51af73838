import type { AttributeProto, NodeProto } from 'onnx-buf';
import type { Tensor } from '../tensor.ts';
import { tensorValue } from './values.ts';

const find = (node: NodeProto, name: string): AttributeProto | undefined => node.attribute.find((a) => a.name === name);

/** An INT attribute; `otherwise` where the node does not have it. */
export const intAttr = (node: NodeProto, name: string, otherwise: number): number => {
  const a = find(node, name);
  return a ? Number(a.i) : otherwise;
};

/** An INTS attribute. */
export const intsAttr = (node: NodeProto, name: string): number[] | undefined => find(node, name)?.ints.map(Number);

/** A FLOAT attribute. */
export const floatAttr = (node: NodeProto, name: string, otherwise: number): number => {
  const a = find(node, name);
  return a ? a.f : otherwise;
};

/** A STRING attribute. */
export const stringAttr = (node: NodeProto, name: string, otherwise: string): string => {
  const a = find(node, name);
  return a ? new TextDecoder().decode(a.s) : otherwise;
};

/** The value of a `Constant` node; undefined where it holds text or a sparse tensor. Throws `GraphError` on broken bytes. */
export function constantNode(node: NodeProto): Tensor | undefined {
  for (const a of node.attribute) {
    if (a.name === 'value' && a.t) return tensorValue(a.t);
    if (a.name === 'value_int') return { type: 'int64', dims: [], data: BigInt64Array.of(a.i) };
    if (a.name === 'value_ints') return { type: 'int64', dims: [a.ints.length], data: BigInt64Array.from(a.ints) };
    if (a.name === 'value_float') return { type: 'float32', dims: [], data: Float32Array.of(a.f) };
    if (a.name === 'value_floats')
      return { type: 'float32', dims: [a.floats.length], data: Float32Array.from(a.floats) };
  }
  return undefined;
}
