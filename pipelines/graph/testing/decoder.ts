import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, NodeProtoSchema } from 'onnx-buf';
import { GraphBuilder } from '../onnx/build.ts';
import { f32, i64, sizeOf, type Tensor } from '../tensor.ts';

/** How a test decoder is built and written. */
export interface DecoderStyle {
  /** `fused`: com.microsoft attention and skip-norms; `plain`: primitives. */
  readonly ops: 'plain' | 'fused';
  readonly norm: 'rms' | 'layer';
  /** Attention and MLP both read the block's input. */
  readonly parallel?: boolean;
  /** A norm of each update before it is added (Gemma 2). */
  readonly postNorm?: boolean;
  /** Queries, keys and values of one product. */
  readonly packed?: boolean;
  /** Norm of queries and keys by head (Qwen3). */
  readonly headNorm?: boolean;
  readonly learnedPositions?: boolean;
  readonly tokens?: 'ids' | 'embeddings';
  readonly softcap?: number;
}

export const SIZES = { layers: 2, dModel: 32, heads: 2, kvHeads: 1, dHead: 16, vocab: 19, hidden: 24 } as const;

/** Numbers that look random and are the same on every machine. */
function noise(seed: number): (dims: readonly number[], scale: number) => Tensor<'float32'> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return (dims, scale) =>
    f32(
      Float32Array.from({ length: sizeOf(dims) }, () => next() * scale),
      dims,
    );
}

/** A small causal decoder of random weights as an ONNX file; the same seed gives the same weights in every style of ops. */
export function testDecoder(style: DecoderStyle, seed = 1): Uint8Array {
  const { layers, dModel, heads, kvHeads, dHead, vocab, hidden } = SIZES;
  const g = new GraphBuilder({ opset: 18, prefix: 'v', domains: { 'com.microsoft': 1 } });
  const random = noise(seed);
  const weight = (...dims: number[]) => g.constant(random(dims, 2 / Math.sqrt(dims[0]!)));
  const ints = (...values: number[]) => g.constant(i64(values));
  const scalar = (x: number) => g.constant(f32([x], []));
  const eps = 1e-6;
  const ids = style.tokens !== 'embeddings';
  const tokens = ids
    ? g.input('tokens', 'int64', ['batch', 'pos'])
    : g.input('tokens', 'float32', ['batch', 'pos', dModel]);
  const mask = g.input('mask', 'int64', ['batch', 'pos']);
  let stream = ids ? g.op('Gather', [weight(vocab, dModel), tokens]) : tokens;
  if (style.learnedPositions) {
    const steps = g.op('Squeeze', [g.op('Slice', [g.op('Shape', [tokens]), ints(1), ints(2)])]);
    const range = g.op('Range', [g.constant(i64([0], [])), steps, g.constant(i64([1], []))]);
    stream = g.op('Add', [stream, g.op('Unsqueeze', [g.op('Gather', [weight(32, dModel), range]), ints(0)])]);
  }
  const rms = (x: string, scale: string): string => {
    if (style.ops === 'fused') return g.op('SimplifiedLayerNormalization', [x, scale], { epsilon: eps });
    const mean = g.op('ReduceMean', [g.op('Pow', [x, scalar(2)]), ints(-1)], { keepdims: 1 });
    const root = g.op('Sqrt', [g.op('Add', [mean, scalar(eps)])]);
    return g.op('Mul', [scale, g.op('Mul', [x, g.op('Div', [scalar(1), root])])]);
  };
  const norm = (x: string): string =>
    style.norm === 'rms'
      ? rms(x, weight(dModel))
      : g.op('LayerNormalization', [x, weight(dModel), weight(dModel)], { epsilon: eps });
  const linear = (x: string, from: number, to: number) => g.op('MatMul', [x, weight(from, to)]);
  const bias = style.ops === 'plain' ? causalBias(g, mask, tokens, ints, scalar) : '';
  const split = (x: string, count: number) => g.op('Reshape', [x, ints(0, 0, count, dHead)]);

  const attention = (x: string): string => {
    const widths = [heads, kvHeads, kvHeads].map((n) => n * dHead);
    const total = widths.reduce((a, b) => a + b, 0);
    const parts = style.packed
      ? g.ops('Split', [linear(x, dModel, total), ints(...widths)], { axis: -1 }, 3)
      : widths.map((w) => linear(x, dModel, w));
    let [q, k, v] = parts as [string, string, string];
    if (style.headNorm) {
      const byHead = (y: string, n: number) =>
        g.op('Reshape', [rms(split(y, n), weight(dHead)), ints(0, 0, n * dHead)]);
      [q, k] = [byHead(q, heads), byHead(k, kvHeads)];
    }
    if (style.ops === 'fused') return linear(fusedAttention(g, [q, k, v], mask, ints, style), heads * dHead, dModel);
    const turn = (y: string, n: number) => g.op('Transpose', [split(y, n)], { perm: [0, 2, 1, 3] });
    const keys = g.op('Transpose', [turn(k, kvHeads)], { perm: [0, 1, 3, 2] });
    let scores = g.op('Mul', [g.op('MatMul', [turn(q, heads), keys]), scalar(1 / Math.sqrt(dHead))]);
    if (style.softcap)
      scores = g.op('Mul', [g.op('Tanh', [g.op('Div', [scores, scalar(style.softcap)])]), scalar(style.softcap)]);
    const pattern = g.op('Softmax', [g.op('Add', [scores, bias])], { axis: -1 });
    const z = g.op('Transpose', [g.op('MatMul', [pattern, turn(v, kvHeads)])], { perm: [0, 2, 1, 3] });
    return linear(g.op('Reshape', [z, ints(0, 0, heads * dHead)]), heads * dHead, dModel);
  };
  const mlp = (x: string) => linear(g.op('Relu', [linear(x, dModel, hidden)]), hidden, dModel);
  const post = (x: string) => (style.postNorm ? norm(x) : x);

  /** The stream after an update, and the next norm of it. */
  const add = (update: string): string => {
    if (style.ops === 'plain' || style.norm === 'layer') {
      stream = g.op('Add', [stream, update]);
      return norm(stream);
    }
    const outputs = g.ops(
      'SkipSimplifiedLayerNormalization',
      [stream, update, weight(dModel)],
      { epsilon: eps },
      4,
      'com.microsoft',
    );
    stream = outputs[3]!;
    return outputs[0]!;
  };
  let normed = norm(stream);
  for (let layer = 0; layer < layers; layer += 1) {
    const attended = post(attention(normed));
    if (style.parallel) normed = add(g.op('Add', [post(mlp(norm(stream))), attended]));
    else normed = add(post(mlp(add(attended))));
  }
  g.output(linear(normed, dModel, vocab), 'logits', 'float32', ['batch', 'pos', vocab]);
  return g.toBytes();
}

/** `[batch, 1, query, key]`: 0 where a key is seen, a large negative number where it is not. */
function causalBias(
  g: GraphBuilder,
  mask: string,
  tokens: string,
  ints: (...v: number[]) => string,
  scalar: (x: number) => string,
): string {
  const length = g.op('Squeeze', [g.op('Slice', [g.op('Shape', [tokens]), ints(1), ints(2)]), ints(0)]);
  const range = g.op('Range', [g.constant(i64([0], [])), length, g.constant(i64([1], []))]);
  const seen = g.op('LessOrEqual', [range, g.op('Unsqueeze', [range, ints(1)])]);
  const kept = g.op('Unsqueeze', [g.op('Cast', [mask], { to: 9 }), ints(1, 2)]);
  return g.op('Where', [g.op('And', [seen, kept]), scalar(0), scalar(-1e9)]);
}

function fusedAttention(
  g: GraphBuilder,
  [q, k, v]: [string, string, string],
  mask: string,
  ints: (...v: number[]) => string,
  { softcap }: DecoderStyle,
): string {
  const { heads, kvHeads } = SIZES;
  const ends = g.op('Cast', [g.op('Sub', [g.op('ReduceSum', [mask, ints(1)], { keepdims: 0 }), ints(1)])], { to: 6 });
  const total = g.op('Cast', [g.op('Gather', [g.op('Shape', [mask]), g.constant(i64([1], []))])], { to: 6 });
  const attributes = { num_heads: heads, kv_num_heads: kvHeads, ...(softcap ? { softcap: { float: softcap } } : {}) };
  return g.ops('GroupQueryAttention', [q, k, v, '', '', ends, total], attributes, 3, 'com.microsoft')[0]!;
}

/** The same model with every node and tensor under another name, inputs and outputs too. */
export function renamed(
  bytes: Uint8Array,
  name: (old: string, index: number) => string,
): { bytes: Uint8Array; names: ReadonlyMap<string, string> } {
  const model = fromBinary(ModelProtoSchema, bytes);
  const names = new Map([['', '']]);
  const to = (old: string): string => {
    if (!names.has(old)) names.set(old, name(old, names.size));
    return names.get(old)!;
  };
  const graph = model.graph as GraphProto;
  for (const value of [...graph.input, ...graph.output, ...graph.initializer]) value.name = to(value.name);
  graph.valueInfo = [];
  graph.node = graph.node.map((node, i) =>
    create(NodeProtoSchema, { ...node, name: `node${i}`, input: node.input.map(to), output: node.output.map(to) }),
  );
  return { bytes: toBinary(ModelProtoSchema, model), names };
}
