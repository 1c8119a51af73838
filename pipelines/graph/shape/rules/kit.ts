import type { NodeProto } from 'onnx-buf';
import { intsAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import { broadcastDim } from '../dim.ts';

export type Shape = readonly Dim[];

/** What a rule may ask of the values before its node. */
export interface Facts {
  shape(value: string): Shape | undefined;
  /** Elements of a small integer tensor, where known. */
  ints(value: string): Shape | undefined;
  /** A symbol that no other dimension has. */
  fresh(): Dim;
}

/** Known of a node's outputs: shapes by output, and the elements of the first one where it holds small integers. */
export interface Known {
  readonly shapes?: readonly (Shape | undefined)[];
  readonly ints?: Shape;
}
export type ShapeRule = (node: NodeProto, facts: Facts) => Known | undefined;

export const one = (shape: Shape | undefined, ints?: Shape): Known => ({ shapes: [shape], ...(ints ? { ints } : {}) });
export const isNumbers = (dims: Shape | undefined): dims is readonly number[] =>
  !!dims?.every((d) => typeof d === 'number');
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** NumPy broadcast of shapes; undefined where a rank is unknown. */
export function broadcastShapes(facts: Facts, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const rank = Math.max(result.length, shape.length);
    const at = (s: Shape, i: number): Dim => s[i - (rank - s.length)] ?? 1;
    result = Array.from({ length: rank }, (_, i) => broadcastDim(at(result, i), at(shape, i)) ?? facts.fresh());
  }
  return result;
}

/** Axes given as an attribute, or as an input from opset 13 on; undefined where they are computed. */
export const axesOf = (node: NodeProto, facts: Facts, input: number): readonly number[] | undefined => {
  const value = node.input[input];
  if (!value) return intsAttr(node, 'axes');
  const ints = facts.ints(value);
  return isNumbers(ints) ? ints : undefined;
};

/** One rule for several operators. */
export const list = (names: string, rule: ShapeRule): Record<string, ShapeRule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));
