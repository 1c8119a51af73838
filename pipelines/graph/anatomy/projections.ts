import type { Facts } from '../shape/facts.ts';
import type { Flow } from './flow.ts';
import type { Kernel } from './kernels.ts';
import { productOf } from './products.ts';

export type Part = 'q' | 'k' | 'v';

/** Queries, keys or values as projected, before any norm of heads and any rotation. */
export interface Projection {
  readonly value: string;
  /** `[batch, pos, head, dHead]`; 3: the last two axes as one; 2: the first two as well. */
  readonly rank: number;
  /** Stored as `[batch, head, pos, dHead]`. */
  readonly swapped?: boolean;
}

export interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
}

/** The three values that an attention multiplies; undefined where it makes them itself. */
export function operandsOf({ node, fused, scores }: Kernel): [string, string, string] | undefined {
  if (!fused) return scores && [scores.input[0]!, scores.input[1]!, node.input[1]!];
  // Attention of com.microsoft multiplies by the weights itself; MultiHeadAttention may add a bias
  if (node.opType === 'Attention' && node.domain === 'com.microsoft') return undefined;
  if (node.opType === 'MultiHeadAttention' && node.input[3]) return undefined;
  const [q, k, v] = node.input;
  return q && k && v ? [q, k, v] : undefined;
}

/** Whether all that `to` is made of from `from` passes through `value`. */
function onlyThrough(flow: Flow, from: string, value: string, to: string): boolean {
  const below = flow.ancestors(value, from);
  const above = new Set(flow.between(value, to));
  return flow.between(from, to).every((node) => below.has(node) || above.has(node));
}

/** The value after a product and the constants added to it. */
function biased(flow: Flow, value: string): string {
  const readers = flow.graph.consumers(value);
  const [reader] = readers;
  if (readers.length !== 1 || reader?.opType !== 'Add' || !reader.input.some((x) => flow.isConstant(x))) return value;
  return reader.output[0]!;
}

/**
 * Queries, keys and values of a plain attention, or of a fused one that is given them apart. A part that is not one
 * value of the graph is left out.
 */
export function findProjections(
  flow: Flow,
  facts: Facts,
  before: string,
  kernel: Kernel,
  counts: HeadCounts,
): Partial<Record<Part, Projection>> {
  const operands = operandsOf(kernel);
  if (!operands) return {};
  const { heads, kvHeads, dHead } = counts;
  const paths = operands.map((operand) => flow.between(before, operand));
  const products = paths.map((path) => path.flatMap((node) => productOf(flow, node) ?? []).at(-1));
  const found: Partial<Record<Part, Projection>> = {};
  (['q', 'k', 'v'] as const).forEach((part, i) => {
    const n = part === 'q' ? heads : kvHeads;
    const product = products[i];
    const operand = operands[i]!;
    if (!product) return;
    const others = operands.filter((other) => other !== operand);
    const fits = (value: string): Projection | undefined => {
      const shape = facts.shape(value);
      if (shape?.length === 4 && shape[3] === dHead && shape[2] === n) return { value, rank: 4 };
      if (shape?.length === 4 && shape[3] === dHead && shape[1] === n) return { value, rank: 4, swapped: true };
      return shape && shape.length < 4 && shape.at(-1) === n * dHead ? { value, rank: shape.length } : undefined;
    };
    const start = biased(flow, product.node.output[0]!);
    const later = paths[i]!.filter((node) => flow.index(node.output[0]!) > flow.index(start));
    const values = [start, ...later.flatMap((node) => node.output.filter(Boolean))];
    for (const value of values) {
      const projection = fits(value);
      const goes = (to: string) => to === value || flow.dependsOn(to, value);
      if (!projection || !goes(operand) || others.some(goes)) continue;
      if (onlyThrough(flow, before, value, operand)) found[part] = projection;
      return;
    }
  });
  return found;
}
