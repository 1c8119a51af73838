import { describe, expect, test } from 'vitest';
import { tapeOf } from '../../lower/kit.ts';
import { GraphBuilder } from '../../onnx/build.ts';
import { EditableGraph } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/model.ts';
import { openSession } from '../../session.ts';
import { f32, i64, sizeOf, type Tensor } from '../../tensor.ts';
import { distance } from '../../testing/metrics.ts';
import { noise } from '../testing/finite.ts';
import { tidy } from './index.ts';

interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly build: (g: GraphBuilder, inputs: readonly string[]) => string;
  /** Operators afterwards, in alphabetical order; those before where nothing is to be replaced. */
  readonly left?: readonly string[];
}

const ints = (g: GraphBuilder, ...values: number[]) => g.constant(i64(values));
const number = (g: GraphBuilder, x: number) => g.constant(f32([x], []));
const flip = (g: GraphBuilder, x: string, rank: number) => {
  const perm = Array.from({ length: rank }, (_, i) => i);
  perm.splice(-2, 2, rank - 1, rank - 2);
  return g.op('Transpose', [x], { perm });
};
/** The gradient of a softmax, as its rule writes it. */
const slope = (g: GraphBuilder, weighted: string, y: string, axis = -1) => {
  const sum = g.op('ReduceSum', [weighted, ints(g, axis)], { keepdims: 1 });
  return g.op('Sub', [weighted, g.op('Mul', [sum, y])]);
};
/** Products of eight heads, summed in groups along `axis`. */
const groups = (g: GraphBuilder, [a, b]: readonly string[], shape: readonly number[], axis: number, scale?: number) => {
  const product = g.op('MatMul', [flip(g, a!, 4), b!]);
  const whole = scale ? g.op('Mul', [product, number(g, scale)]) : product;
  return g.op('ReduceSum', [g.op('Reshape', [whole, ints(g, ...shape)]), ints(g, axis)], { keepdims: 1 });
};
const heads = [
  [2, 8, 5, 3],
  [2, 8, 5, 4],
] as const;

const CASES: readonly Case[] = [
  {
    name: 'a product exchanged behind a number',
    inputs: [
      [2, 3, 4],
      [5, 2, 3, 6],
    ],
    build: (g, [a, b]) => flip(g, g.op('Mul', [g.op('MatMul', [flip(g, a!, 3), b!]), number(g, 0.3)]), 4),
    left: ['MatMul', 'Mul', 'Transpose'],
  },
  {
    name: 'exchanged twice',
    inputs: [[2, 3, 4]],
    build: (g, [a]) => flip(g, g.op('Mul', [flip(g, a!, 3), number(g, 2)]), 3),
    left: ['Mul'],
  },
  {
    name: 'another exchange of axes stays',
    inputs: [[2, 3, 4]],
    build: (g, [a]) => g.op('Transpose', [g.op('Mul', [flip(g, a!, 3), number(g, 2)])], { perm: [1, 0, 2] }),
  },
  {
    name: 'two halves',
    inputs: [
      [2, 3],
      [2, 3],
    ],
    build: (g, [a, b]) => g.op('Add', [g.op('Pad', [a!, ints(g, 0, 3, 0, 0)]), g.op('Pad', [b!, ints(g, 0, 0, 0, 3)])]),
    left: ['Concat'],
  },
  {
    name: 'two unequal parts, added to something',
    inputs: [
      [2, 1],
      [2, 4],
      [2, 5],
    ],
    build: (g, [a, b, x]) =>
      g.op('Add', [g.op('Add', [x!, g.op('Pad', [a!, ints(g, 0, 0, 0, 4)])]), g.op('Pad', [b!, ints(g, 0, 1, 0, 0)])]),
    left: ['Add', 'Concat'],
  },
  {
    name: 'parts that overlap stay',
    inputs: [
      [2, 3],
      [2, 3],
    ],
    build: (g, [a, b]) => g.op('Add', [g.op('Pad', [a!, ints(g, 0, 2, 0, 0)]), g.op('Pad', [b!, ints(g, 0, 0, 0, 2)])]),
  },
  {
    name: 'the sum of a softmax behind the values',
    inputs: [
      [2, 5, 6],
      [3, 2, 5, 4],
      [2, 6, 4],
    ],
    build: (g, [x, c, v]) => {
      const y = g.op('Softmax', [x!], { axis: -1 });
      const z = g.op('MatMul', [y, v!]);
      const gradient = slope(g, g.op('Mul', [g.op('MatMul', [c!, flip(g, v!, 3)]), y]), y);
      return g.op('Concat', [gradient, g.op('Expand', [z, ints(g, 3, 2, 5, 4)])], { axis: 3 });
    },
    left: ['Concat', 'Expand', 'MatMul', 'MatMul', 'Mul', 'Mul', 'ReduceSum', 'Softmax', 'Sub', 'Transpose'],
  },
  {
    name: 'the sum of a softmax along another axis stays',
    inputs: [
      [2, 6, 6],
      [3, 2, 6, 4],
      [2, 6, 4],
    ],
    build: (g, [x, c, v]) => {
      const y = g.op('Softmax', [x!], { axis: -2 });
      const z = g.op('MatMul', [y, v!]);
      const gradient = slope(g, g.op('Mul', [g.op('MatMul', [c!, flip(g, v!, 3)]), y]), y, -2);
      return g.op('Concat', [gradient, g.op('Expand', [z, ints(g, 3, 2, 6, 4)])], { axis: 3 });
    },
  },
  {
    name: 'a sum over the heads of a group',
    inputs: heads,
    build: (g, x) => groups(g, x, [0, 4, 2, 3, 4], 2),
    left: ['MatMul', 'Reshape', 'Reshape', 'Transpose', 'Unsqueeze'],
  },
  {
    name: 'the same of scaled products',
    inputs: heads,
    build: (g, x) => groups(g, x, [0, 2, 4, 3, 4], -3, 0.5),
    left: ['MatMul', 'Mul', 'Reshape', 'Reshape', 'Transpose', 'Unsqueeze'],
  },
  { name: 'a sum over the groups stays', inputs: heads, build: (g, x) => groups(g, x, [0, 4, 2, 3, 4], 1) },
];

describe('cheaper forms give the same', () => {
  test.each(CASES)('$name', async ({ inputs, build, left }) => {
    const g = new GraphBuilder({ opset: 18 });
    const names = inputs.map((dims, i) =>
      g.input(
        `x${i}`,
        'float32',
        dims.map((d, axis) => (axis === 0 ? `batch${d}` : d)),
      ),
    );
    const output = build(g, names);
    g.output(output, 'y', 'float32', []);
    const model = await readModel(g.toBytes());
    // of the answer's shape nothing is declared
    const declared = model.proto.graph.output[0]!.type?.value;
    if (declared?.case === 'tensorType') delete declared.value.shape;
    const graph = new EditableGraph(model);
    const before = [...graph.nodes].map((node) => node.opType).sort();
    tidy(graph, tapeOf(graph));
    graph.prune();
    const ops = [...graph.nodes].map((node) => node.opType).filter((op) => op !== 'Identity');
    expect(ops.sort()).toEqual(left ?? before.filter((op) => op !== 'Identity'));
    const feeds = Object.fromEntries(
      inputs.map((dims, i): [string, Tensor] => [`x${i}`, f32(noise(sizeOf(dims), i + 1), dims)]),
    );
    const sessions = await Promise.all([new EditableGraph(model), graph].map((x) => openSession(x.toBytes())));
    const [expected, got] = await Promise.all(sessions.map((session) => session.run(feeds)));
    expect(got!['y']!.dims).toEqual(expected!['y']!.dims);
    expect(distance(got!['y']!.data as Float32Array, expected!['y']!.data as Float32Array)).toBeLessThan(2e-6);
    await Promise.all(sessions.map((session) => session.close()));
  });
});
