import { GraphError } from '../errors.ts';
import type { Flow } from './flow.ts';
import { type Product, productOf } from './products.ts';
import { isSum, type Sum, sumOf } from './sums.ts';

/** One addition to the residual stream: `after = before + updates`. */
export interface Addition {
  readonly before: string;
  readonly updates: readonly Update[];
  /** The sum; at a fused norm, its output that may still have no name. */
  readonly sum: Sum;
}

export interface Update {
  /** What is added, without a fused bias. */
  readonly value: string;
  readonly bias?: string;
}

export interface Stream {
  readonly logits: string;
  readonly unembedding: Product;
  /** What the unembedding reads: the final norm of the stream. */
  readonly normed: string;
  /** From the embedding up. */
  readonly additions: readonly Addition[];
}

/** Products are looked for this many steps below an output. */
const HEAD_STEPS = 24;
/** The final norm is at most this deep. */
const NORM_STEPS = 24;
/** A block's sum has at most this many terms more than two. */
const MAX_SPLITS = 3;

const unsupported = (message: string, candidates: readonly string[]) =>
  new GraphError(
    'unsupported',
    `${message}; nearest candidates: ${candidates.length ? candidates.slice(0, 3).join(', ') : 'none'}`,
    'export the decoder as a causal language model with one of the exporters in pipelines/graph/README.md',
  );

const describe = (flow: Flow, value: string): string => `${flow.graph.producer(value)?.opType ?? 'input'} "${value}"`;

/** The unembedding product below an output, through a soft-cap, a bias, casts and slices. */
function headBelow(flow: Flow, output: string): Product | undefined {
  let at: string | undefined = output;
  for (let step = 0; at !== undefined && step < HEAD_STEPS; step += 1) {
    const node = flow.graph.producer(at);
    if (!node) return undefined;
    const product = productOf(flow, node);
    if (product) return product;
    if (sumOf(flow, at)) return undefined;
    at = flow.dominator(at);
  }
  return undefined;
}

/** The output that holds the logits: the one computed last that is a product with a matrix, not a cache. */
function findLogits(flow: Flow): { logits: string; unembedding: Product } {
  const outputs = flow.graph.outputs.map(({ name }) => name).sort((a, b) => flow.index(b) - flow.index(a));
  for (const logits of outputs) {
    const unembedding = headBelow(flow, logits);
    if (unembedding && finalSum(flow, unembedding.data)) return { logits, unembedding };
  }
  throw unsupported(
    'no output is a product of a normalised residual stream with an unembedding matrix',
    outputs.map((o) => describe(flow, o)),
  );
}

/** The residual stream below the final norm. */
function finalSum(flow: Flow, normed: string): Sum | undefined {
  let at: string | undefined = normed;
  for (let step = 0; at !== undefined && step < NORM_STEPS; step += 1) {
    const sum = sumOf(flow, at);
    if (sum) return sum;
    const node = flow.graph.producer(at);
    if (!node || productOf(flow, node)) return undefined;
    at = flow.dominator(at);
  }
  return undefined;
}

/**
 * The terms of one addition: the operand that all others are computed from is the stream, the others are updates.
 * A sum such as `(x + attention) + mlp` is taken apart until there is one.
 */
function additionAt(flow: Flow, sum: Sum): Addition | undefined {
  const terms: Update[] = [];
  const push = ({ operands: [a, b], bias }: Sum) => terms.push({ value: a }, { value: b, ...(bias ? { bias } : {}) });
  push(sum);
  for (let split = 0; split <= MAX_SPLITS; split += 1) {
    const stream = terms.find(({ value }) =>
      terms.every((other) => other.value === value || flow.dependsOn(other.value, flow.strip(value))),
    );
    if (stream) {
      // a fused bias goes with whatever is added, on either side of the stream
      const bias = terms.find((t) => t.bias)?.bias;
      const rest = terms.filter((t) => t !== stream).map(({ value }) => ({ value }));
      const updates = rest.map((t, i) => (i === rest.length - 1 && bias ? { ...t, bias } : t));
      return { before: flow.strip(stream.value), updates, sum };
    }
    const inner = terms
      .map((term) => ({ term, sum: sumOf(flow, flow.strip(term.value)) }))
      .filter((x) => x.sum && isSum(x.sum, flow.strip(x.term.value)))
      .sort((a, b) => flow.index(b.term.value) - flow.index(a.term.value))[0];
    if (!inner) return undefined;
    terms.splice(terms.indexOf(inner.term), 1);
    push(inner.sum!);
  }
  return undefined;
}

/** Follows the residual stream from the logits down to the embedding. Throws `GraphError` where there is none. */
export function findStream(flow: Flow): Stream {
  const { logits, unembedding } = findLogits(flow);
  const additions: Addition[] = [];
  for (let sum = finalSum(flow, unembedding.data); sum; ) {
    const addition = additionAt(flow, sum);
    if (!addition) break;
    additions.unshift(addition);
    const below = sumOf(flow, addition.before);
    sum = below && isSum(below, addition.before) ? below : undefined;
  }
  if (additions.length === 0)
    throw unsupported(
      'the value under the final norm is no sum of a stream and an update',
      [unembedding.data].map((v) => describe(flow, v)),
    );
  return { logits, unembedding, normed: unembedding.data, additions };
}
