import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
} from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { canonicalise } from './canonical.ts';
import { openForward } from './forward.ts';
import { attribute, GraphBuilder, valueInfo } from './onnx/build.ts';
import { EditableGraph } from './onnx/graph.ts';
import { readModel } from './onnx/model.ts';
import { openSession } from './session.ts';
import { f32, i64, type Tensor } from './tensor.ts';
import { testDecoder } from './testing/decoder.ts';

const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));

async function run(
  builder: Pick<GraphBuilder, 'toBytes'>,
  inputs: Record<string, Tensor>,
): Promise<{ y: Float32Array; ops: string[] }> {
  const graph = canonicalise(new EditableGraph(await readModel(builder.toBytes())));
  const session = await openSession(graph.toBytes());
  const { y } = await session.run(inputs);
  await session.close();
  return { y: y!.data as Float32Array, ops: [...graph.nodes].map((n) => n.opType) };
}

const nearly = (got: Float32Array, expected: ArrayLike<number>) =>
  Array.from(expected).forEach((x, i) => {
    expect(got[i]).toBeCloseTo(x, 5);
  });

/** `x w` with `w = scale (stored - zero)`: [[1, -2], [3, 4], [-1, 0]]. */
const stored: Tensor = { type: 'uint8', dims: [3, 2], data: Uint8Array.of(12, 6, 16, 18, 8, 10) };
const x = f32([1, 0.5, -0.25, 0.013, 2, 7], [2, 3]);
const expected = [2.75, 0, -0.987, 7.974];

it('a product of integers is the product with the stored weights, its activations unrounded', async () => {
  const g = new GraphBuilder({ opset: 18 });
  const input = g.input('x', 'float32', ['n', 3]);
  const [q, scale, zero] = g.ops('DynamicQuantizeLinear', [input], {}, 3) as [string, string, string];
  const [w, z] = [g.constant(stored), g.constant({ type: 'uint8', dims: [], data: Uint8Array.of(10) })];
  const product = g.op('Cast', [g.op('MatMulInteger', [q, w, zero, z])], { to: 1 });
  g.output(g.op('Mul', [product, g.op('Mul', [scale, g.constant(f32([0.5], []))])]), 'y', 'float32', ['n', 2]);
  const { y, ops } = await run(g, { x });
  nearly(y, expected);
  expect(ops.sort()).toEqual(['DequantizeLinear', 'Identity', 'MatMul']);
});

it('so is the fused one, with a scale a column and a bias', async () => {
  const g = new GraphBuilder({ opset: 18, domains: { 'com.microsoft': 1 } });
  const input = g.input('x', 'float32', ['n', 3]);
  const [w, scale] = [g.constant(stored), g.constant(f32([0.5, 1]))];
  const zero = g.constant({ type: 'uint8', dims: [2], data: Uint8Array.of(10, 10) });
  const bias = g.constant(f32([1, -1]));
  const product = g.op('DynamicQuantizeMatMul', [input, w, scale, zero, bias], {}, 'com.microsoft');
  g.output(product, 'y', 'float32', ['n', 2]);
  nearly(
    (await run(g, { x })).y,
    expected.map((v, i) => (i % 2 ? 2 * v - 1 : v + 1)),
  );
});

it.each([[false], [true]])('norms of heads inside GroupQueryAttention are made nodes (packed: %s)', async (packed) => {
  const [heads, kv, dHead, pos] = [2, 1, 16, 4];
  const widths = [heads, kv, kv].map((n) => n * dHead);
  const scales = [1, 2].map((k) => f32(wave(dHead, k).map((v) => v + 2)));
  const build = (inside: boolean) => {
    const g = new GraphBuilder({ opset: 18, domains: { 'com.microsoft': 1 } });
    const all = g.input('x', 'float32', [1, pos, 64]);
    const [ends, total] = [3, 4].map((v) =>
      g.constant({ type: 'int32', dims: v === 3 ? [1] : [], data: Int32Array.of(v) }),
    );
    const weights = scales.map((s) => g.constant(s));
    const attributes = { num_heads: heads, kv_num_heads: kv };
    const attend = (inputs: string[], more: string[], extra = {}) =>
      g.ops(
        'GroupQueryAttention',
        [...inputs, '', '', ends!, total!, ...more],
        { ...attributes, ...extra },
        3,
        'com.microsoft',
      )[0]!;
    const split = g.ops('Split', [all, g.constant(i64(widths))], { axis: -1 }, 3);
    if (inside) {
      const none = ['', '', '', '', '', '', ''];
      const extra = { qk_norm_epsilon: { float: 1e-6 } };
      g.output(attend(packed ? [all, '', ''] : split, [...none, ...weights], extra), 'y', 'float32', [1, pos, 32]);
    } else {
      const norm = (v: string, n: number, scale: string) => {
        const byHead = g.op('Reshape', [v, g.constant(i64([0, 0, n, dHead]))]);
        const normed = g.op('SimplifiedLayerNormalization', [byHead, scale], { epsilon: 1e-6 });
        return g.op('Reshape', [normed, g.constant(i64([0, 0, n * dHead]))]);
      };
      const [q, k, v] = split as [string, string, string];
      g.output(attend([norm(q, heads, weights[0]!), norm(k, kv, weights[1]!), v], []), 'y', 'float32', [1, pos, 32]);
    }
    return g;
  };
  const inputs = { x: f32(wave(pos * 64, 0.37), [1, pos, 64]) };
  nearly((await run(build(true), inputs)).y, (await run(build(false), inputs)).y);
});

it('of a decoder merged from two, the one with a cache stays', async () => {
  const plain = fromBinary(ModelProtoSchema, testDecoder({ ops: 'plain', norm: 'rms' }));
  const merged = fromBinary(ModelProtoSchema, testDecoder({ ops: 'plain', norm: 'rms' }));
  const inner = merged.graph!;
  const branch = (name: string, prefix: string, nodes: NodeProto[]) => {
    const own = new Set(nodes.flatMap((n) => n.output));
    const to = (v: string) => (own.has(v) ? `${prefix}${v}` : v);
    const node = nodes.map((n) => create(NodeProtoSchema, { ...n, input: n.input.map(to), output: n.output.map(to) }));
    const g = create(GraphProtoSchema, {
      name,
      node,
      output: [valueInfo(`${prefix}logits`, 'float32', ['batch', 'pos', 19])],
    });
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.GRAPH, g });
  };
  const stub = create(NodeProtoSchema, {
    opType: 'Cast',
    input: ['tokens'],
    output: ['logits'],
    attribute: [attribute('to', 1)],
  });
  const choice = create(NodeProtoSchema, {
    opType: 'If',
    input: ['use_cache'],
    output: ['logits'],
    attribute: [branch('then_branch', 'then.', inner.node), branch('else_branch', 'else.', [stub])],
  });
  inner.node = [choice];
  inner.input.push(valueInfo('use_cache', 'bool', [1]));
  const [a, b] = await Promise.all([plain, merged].map((m) => openForward(toBinary(ModelProtoSchema, m))));
  const inputs = { tokens: i64([1, 5, 3, 2], [1, 4]) };
  const taps = a!.anatomy.sites;
  const [x, y] = [await a!.run(inputs, { taps }), await b!.run(inputs, { taps })];
  expect(b!.anatomy.sites).toEqual(taps);
  for (const site of taps) expect(y[site]).toEqual(x[site]);
  await Promise.all([a!.close(), b!.close()]);
});

describe('a split into a list is slices', () => {
  const list = (split: Tensor | undefined, at: number[], attributes: Record<string, number> = {}) => {
    const g = new GraphBuilder({ opset: 18 });
    const x = g.input('x', 'float32', [2, 5]);
    const sequence = g.op('SplitToSequence', [x, split ? g.constant(split) : ''], { axis: 1, ...attributes });
    const parts = at.map((i) => g.op('SequenceAt', [sequence, g.constant(i64([i], []))]));
    const rows = parts.map((part) => g.op('Reshape', [part, g.constant(i64([-1]))]));
    g.output(g.op('Concat', rows, { axis: 0 }), 'y', 'float32', ['n']);
    return g;
  };
  it.each([
    ['of one size, the last shorter', i64([2], []), [2, 0, 1], {}, 0],
    ['of given sizes, from the end', i64([2, 3]), [-1, 0], { axis: -1 }, 0],
    ['of one, squeezed', undefined, [3, 1], { keepdims: 0 }, 0],
    ['counted from an unknown end', i64([2], []), [-1], {}, 1],
  ] as const)('%s', async (_, split, at, attributes, left) => {
    const g = list(split, [...at], attributes);
    const inputs = { x: f32(wave(10, 0.7), [2, 5]) };
    const session = await openSession(g.toBytes());
    const { y: before } = await session.run(inputs);
    await session.close();
    const { y, ops } = await run(g, inputs);
    expect(y).toEqual(before!.data);
    expect(ops.filter((op) => op === 'SplitToSequence')).toHaveLength(left);
  });
});

it.each([[2], [5]])('a choice between tables is a slice of both, %s rows read', async (rows) => {
  const g = new GraphBuilder({ opset: 18 });
  const ids = g.input('ids', 'int64', ['n']);
  const [short, long] = [f32(wave(6, 1), [3, 2]), f32(wave(12, 0.3), [6, 2])];
  const tooLong = g.op('Greater', [g.op('Squeeze', [g.op('Shape', [ids])]), g.constant(i64([3], []))]);
  g.output(g.op('Gather', [g.op('Identity', ['table']), ids]), 'y', 'float32', ['n', 2]);
  const model = fromBinary(ModelProtoSchema, g.toBytes());
  const branch = (name: string, table: Tensor) =>
    create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.GRAPH,
      g: create(GraphProtoSchema, {
        name,
        node: [create(NodeProtoSchema, { opType: 'Constant', output: [name], attribute: [attribute('value', table)] })],
        output: [valueInfo(name, 'float32', table.dims)],
      }),
    });
  const attributes = [branch('then_branch', long), branch('else_branch', short)];
  model.graph!.node.splice(
    model.graph!.node.findIndex((n) => n.opType === 'Identity'),
    0,
    create(NodeProtoSchema, { opType: 'If', input: [tooLong], output: ['table'], attribute: attributes }),
  );
  const inputs = { ids: i64(Array.from({ length: rows }, (_, i) => i)) };
  const { y, ops } = await run({ toBytes: () => toBinary(ModelProtoSchema, model) }, inputs);
  expect(y).toEqual((rows > 3 ? long : short).data.slice(0, 2 * rows));
  expect(ops).not.toContain('If');
});
