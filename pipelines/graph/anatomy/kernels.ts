import type { NodeProto } from 'onnx-buf';
import { intAttr } from '../onnx/attributes.ts';
import type { Flow } from './flow.ts';
import { type Product, productOf } from './products.ts';

/** An attention computation: one fused node, or a softmax between two products of computed values. */
export interface Kernel {
  /** The fused node, or the product of weights and values. */
  readonly node: NodeProto;
  readonly fused: boolean;
  /** Attention weights, where the graph has them as a value. */
  readonly pattern?: string;
  /** Values and queries by head, `[..., pos, dHead]`, where no head count is stated. */
  readonly byHead?: readonly string[];
  /** The product of queries and keys, in a plain graph. */
  readonly scores?: NodeProto;
  /** What the output projection multiplies. */
  readonly output: Product;
  /** Heads that a fused node states. */
  readonly heads?: number;
  readonly kvHeads?: number;
}

/** Attributes that hold the head counts of a fused attention. */
const FUSED: Readonly<Record<string, { readonly heads: string; readonly kvHeads?: string }>> = {
  GroupQueryAttention: { heads: 'num_heads', kvHeads: 'kv_num_heads' },
  MultiHeadAttention: { heads: 'num_heads' },
  DecoderMaskedMultiHeadAttention: { heads: 'num_heads' },
  'com.microsoft::Attention': { heads: 'num_heads' },
  '::Attention': { heads: 'q_num_heads', kvHeads: 'kv_num_heads' },
};
/** What may stand between the softmax and the product with the values. */
const AFTER_SOFTMAX = new Set(['Cast', 'Identity', 'Dropout', 'Where', 'Mul', 'Reshape']);
/** What may stand between the product of queries and keys and the softmax. */
const SCORE_STEPS = 16;
const OUTPUT_STEPS = 12;

const fusedForm = (node: NodeProto) =>
  FUSED[node.opType] ?? FUSED[`${node.domain === 'ai.onnx' ? '' : node.domain}::${node.opType}`];
const isProduct = (flow: Flow, node: NodeProto): boolean =>
  (node.opType === 'MatMul' || node.opType === 'FusedMatMul') && !node.input.some((x) => flow.isConstant(x));

/** The first product with a constant matrix that all of a value flows into. */
function outputProduct(flow: Flow, value: string): Product | undefined {
  let at = value;
  for (let step = 0; step < OUTPUT_STEPS; step += 1) {
    const readers = flow.graph.consumers(at).filter((n) => flow.dataInputs(n).includes(at));
    if (readers.length !== 1) return undefined;
    const product = productOf(flow, readers[0]!);
    if (product) return product;
    at = readers[0]!.output[0]!;
  }
  return undefined;
}

/** The product of two computed values whose scores a softmax reads. */
function scoresBelow(flow: Flow, softmax: NodeProto): NodeProto | undefined {
  const stack = [softmax.input[0]!];
  for (let step = 0; stack.length && step < SCORE_STEPS; step += 1) {
    const node = flow.graph.producer(stack.shift()!);
    if (!node) continue;
    if (isProduct(flow, node)) return node;
    stack.push(...flow.dataInputs(node));
  }
  return undefined;
}

function plainKernel(flow: Flow, softmax: NodeProto): Kernel | undefined {
  const scores = scoresBelow(flow, softmax);
  let pattern = softmax.output[0]!;
  for (let step = 0; scores && step < OUTPUT_STEPS; step += 1) {
    const readers = flow.graph.consumers(pattern);
    const product = readers.find((n) => isProduct(flow, n) && n.input[0] === pattern);
    if (product) {
      const output = outputProduct(flow, product.output[0]!);
      return (
        output && {
          node: product,
          fused: false,
          pattern,
          scores,
          output,
          byHead: [product.input[1]!, scores.input[0]!],
        }
      );
    }
    const next = readers
      .filter((n) => AFTER_SOFTMAX.has(n.opType))
      .sort((a, b) => flow.index(b.output[0]!) - flow.index(a.output[0]!))[0];
    if (!next) return undefined;
    pattern = next.output[0]!;
  }
  return undefined;
}

function fusedKernel(flow: Flow, node: NodeProto): Kernel | undefined {
  const form = fusedForm(node);
  const output = form && outputProduct(flow, node.output[0]!);
  if (!form || !output) return undefined;
  const heads = intAttr(node, form.heads, 0);
  const kvHeads = form.kvHeads ? intAttr(node, form.kvHeads, 0) : heads;
  const stated = { ...(heads ? { heads } : {}), ...(kvHeads ? { kvHeads } : {}) };
  return { node, fused: true, output, ...stated, ...(heads ? {} : { byHead: [node.input[2]!, node.input[0]!] }) };
}

/** The attention kernels among nodes. */
export const kernelsIn = (flow: Flow, nodes: readonly NodeProto[]): Kernel[] =>
  nodes.flatMap(
    (node) => fusedKernel(flow, node) ?? (node.opType === 'Softmax' ? (plainKernel(flow, node) ?? []) : []),
  );
