import type { NodeProto } from 'onnx-buf';
import type { Dim } from '../onnx/build.ts';
import type { Tape } from './tape.ts';

/**
 * What a vector-Jacobian rule works with. Cotangents may carry one leading axis (the K metrics of one forward pass);
 * forward values never do, and broadcast against it. A cotangent is kept as `base * factor`, with `factor` a forward
 * value, until a rule needs the product: so a chain of elementwise operators costs one product over K.
 */
export interface RuleContext {
  readonly tape: Tape;
  readonly node: NodeProto;
  /** The leading dimension as a list of none or one. */
  readonly lead: readonly Dim[];
  /** The node of the forward pass that makes a value, where composites count; undefined for what comes from outside. */
  maker(value: string): NodeProto | undefined;
  /** Whether the gradient of this input is wanted. */
  wants(input: number): boolean;
  /** Whether this output has a cotangent. */
  has(output: number): boolean;
  /** Cotangent of an output `[lead, ...output]`, times a forward value that broadcasts to it. */
  cotangent(output?: number, factor?: string): string;
  /** The cotangent of output 0 as it is kept, `base * factor`, either of which may have to be broadcast. */
  parts(): { readonly base: string; readonly factor?: string | undefined };
  /** Gives input `input` the gradient `value * factor`, of the input's shape after broadcasting. */
  give(input: number, value: string, factor?: string): void;
  /** Sums `value` `[lead, ...from]` over the axes along which the forward value `to` was broadcast to `from`. */
  unbroadcast(value: string, from: readonly Dim[], to: string): string;
  /** Elementwise rule with broadcasting: the gradient of `input` is the cotangent of output 0 times `factor`. */
  scale(input: number, factor?: string): void;
  /** An axis of a forward value, negative or not, as an axis of its cotangent. */
  axis(axis: number): number;
  /** Known symbolic shape of a forward value. Throws `GraphError` where not even its rank is known. */
  shape(value: string): readonly Dim[];
  /** Throws the error that this node cannot be differentiated. */
  refuse(why: string): never;
}

/** How an operator is differentiated. */
export type Rule =
  | {
      /** Inputs that have a derivative; all where absent. */
      readonly inputs?: readonly number[];
      readonly vjp: (c: RuleContext) => void;
    }
  /** No derivative flows through, and why. */
  | { readonly stop: string };

export const rule = (vjp: (c: RuleContext) => void, inputs?: readonly number[]): Rule =>
  inputs ? { inputs, vjp } : { vjp };
export const stop = (why: string): Rule => ({ stop: why });
