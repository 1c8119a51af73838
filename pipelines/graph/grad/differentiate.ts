import type { NodeProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { intAttr } from '../onnx/attributes.ts';
import type { Dim } from '../onnx/build.ts';
import { Cotangents, contextOf } from './context.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules/index.ts';
import type { Tape } from './tape.ts';

export interface Seed {
  readonly value: string;
  /** Cotangent, or what broadcasts to it: `[lead, ...value]`. */
  readonly cotangent: string;
  /** Forward value that multiplies the cotangent. */
  readonly factor?: string;
}

export interface DifferentiateOptions {
  /** Name of the leading dimension that all cotangents carry; absent: they have the shape of their value. */
  readonly lead?: Dim;
  /** Functions of several nodes, such as `x sigmoid(x)`, are differentiated as one: fewer products, which round elsewhere. */
  readonly composites?: boolean;
}

const DEFAULT_DOMAINS = new Set(['', 'ai.onnx']);

/** Key of an operator in the rule tables: `MatMul`, `com.microsoft:FusedMatMul`. */
export const opKey = (node: NodeProto): string =>
  DEFAULT_DOMAINS.has(node.domain) ? node.opType : `${node.domain}:${node.opType}`;

export const ruleOf = (node: NodeProto): Rule | undefined => RULES[opKey(node)];

const FLOATS = new Set([1, 10, 11, 16]);
const toInteger = (node: NodeProto): boolean => node.opType === 'Cast' && !FLOATS.has(intAttr(node, 'to', 1));

/** Inputs with a derivative; of an operator that is unknown all, so that it is named, not passed over. */
const differentiable = (node: NodeProto): readonly number[] => {
  const rule = ruleOf(node);
  if ((rule && 'stop' in rule) || toInteger(node)) return [];
  return (rule && 'inputs' in rule && rule.inputs) || node.input.map((_, i) => i);
};

/** Values that depend, differentiably, on one of `wrt` (these included). Integers do not count. */
export function activeValues(nodes: Iterable<NodeProto>, wrt: readonly string[]): Set<string> {
  const active = new Set(wrt);
  for (const node of nodes) {
    if (!differentiable(node).some((i) => active.has(node.input[i] ?? ''))) continue;
    for (const value of node.output) if (value) active.add(value);
  }
  return active;
}

/**
 * Reverse-mode gradient of a graph, written into the same graph: adds nodes that compute, for each value of `wrt`,
 * the sum over `seeds` of cotangent times Jacobian. Only what lies between is differentiated.
 *
 * @param nodes of the forward graph in topological order; the tape knows their facts
 * @returns the name of each gradient `[lead, ...value]`; a value that no seed depends on is absent
 * @throws GraphError `unsupported` at an operator without a rule, by name
 */
export function differentiate(
  tape: Tape,
  nodes: readonly NodeProto[],
  seeds: readonly Seed[],
  wrt: readonly string[],
  options: DifferentiateOptions = {},
): Map<string, string> {
  const lead = options.lead === undefined ? [] : [options.lead];
  const active = activeValues(nodes, wrt);
  const seen = options.composites ? nodes : [];
  const makers = new Map(seen.flatMap((node) => node.output.map((value) => [value, node] as const)));
  const cotangents = new Cotangents();
  for (const { value, cotangent, factor } of seeds)
    if (active.has(value)) cotangents.give(value, { base: cotangent, factor });
  for (const node of nodes.toReversed()) {
    if (!node.output.some((value) => cotangents.has(value))) continue;
    const inputs = differentiable(node).filter((i) => active.has(node.input[i] ?? ''));
    if (inputs.length === 0) continue;
    const rule = ruleOf(node);
    if (!rule || !('vjp' in rule))
      throw new GraphError(
        'unsupported',
        `no gradient rule for ${opKey(node)} (node "${node.name}")`,
        'lower it to primitives first, or ask for sites above this node',
      );
    rule.vjp(contextOf(tape, node, cotangents, active, makers, lead));
  }
  const grads = new Map<string, string>();
  for (const value of wrt) {
    const grad = cotangents.whole(tape, value, lead);
    if (grad) grads.set(value, grad);
  }
  return grads;
}
