import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, NodeProtoSchema } from 'onnx-buf';
import { GraphBuilder } from '../onnx/build.ts';
import { f32, i64, sizeOf, type Tensor } from '../tensor.ts';
import { attentionOf } from './attention.ts';
import { byStoredBits, MLPS } from './products.ts';
import { type DecoderStyle, SIZES } from './style.ts';

export { type DecoderStyle, SIZES } from './style.ts';

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
  const { layers, dModel, heads, kvHeads, dHead, vocab } = SIZES;
  const opset = style.ops === 'standard' ? 23 : 18;
  const g = new GraphBuilder({ opset, prefix: 'v', domains: { 'com.microsoft': 1 } });
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
    if (style.ops === 'standard') return g.op('RMSNormalization', [x, scale], { axis: { int: -1 }, epsilon: eps });
    const mean = g.op('ReduceMean', [g.op('Pow', [x, scalar(2)]), ints(-1)], { keepdims: 1 });
    const root = g.op('Sqrt', [g.op('Add', [mean, scalar(eps)])]);
    return g.op('Mul', [scale, g.op('Mul', [x, g.op('Div', [scalar(1), root])])]);
  };
  const norm = (x: string): string =>
    style.norm === 'rms'
      ? rms(x, weight(dModel))
      : g.op('LayerNormalization', [x, weight(dModel), weight(dModel)], { epsilon: eps });
  const linear = (x: string, from: number, to: number, biased = style.bias === 'all') => {
    const w = random([from, to], 2 / Math.sqrt(from));
    const y = style.bits ? byStoredBits(g, x, w, style.bits, style.ops) : g.op('MatMul', [x, g.constant(w)]);
    return biased ? g.op('Add', [y, weight(to)]) : y;
  };
  const split = (x: string, count: number) => g.op('Reshape', [x, ints(0, 0, count, dHead)]);
  const attend = attentionOf(g, style, mask, tokens);

  const attention = (x: string): string => {
    const widths = [heads, kvHeads, kvHeads].map((n) => n * dHead);
    const total = widths.reduce((a, b) => a + b, 0);
    const parts = style.packed
      ? g.ops('Split', [linear(x, dModel, total, Boolean(style.bias)), ints(...widths)], { axis: -1 }, 3)
      : widths.map((w) => linear(x, dModel, w, Boolean(style.bias)));
    let [q, k, v] = parts as [string, string, string];
    if (style.headNorm) {
      const byHead = (y: string, n: number) =>
        g.op('Reshape', [rms(split(y, n), weight(dHead)), ints(0, 0, n * dHead)]);
      [q, k] = [byHead(q, heads), byHead(k, kvHeads)];
    }
    return linear(attend(q, k, v), heads * dHead, dModel);
  };
  const mlp = (x: string) => MLPS[style.mlp ?? 'relu'](g, style.ops, x, (y, from, to) => linear(y, from, to));
  const post = (x: string) => (style.postNorm ? norm(x) : x);

  /** The stream after an update, and the next norm of it. */
  const add = (update: string): string => {
    if (style.ops !== 'fused' || style.norm === 'layer') {
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
  g.output(linear(normed, dModel, vocab, false), 'logits', 'float32', ['batch', 'pos', vocab]);
  return g.toBytes();
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
