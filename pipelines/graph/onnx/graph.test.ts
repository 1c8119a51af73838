import { create } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType, AttributeProtoSchema, GraphProtoSchema, NodeProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { openSession } from '../session.ts';
import { bool, f32, i64, type Tensor } from '../tensor.ts';
import { GraphBuilder, valueInfo } from './build.ts';
import { EditableGraph } from './graph.ts';
import { readModel } from './model.ts';

const open = async (g: GraphBuilder) => new EditableGraph(await readModel(g.toBytes()));

/** `a = x + 1`, `b = 2 a`, `c = a b`. */
function small(): GraphBuilder {
  const g = new GraphBuilder({ opset: 18 });
  const x = g.input('x', 'float32', ['n']);
  const a = g.op('Add', [x, g.constant(f32([1], []), 'one')]);
  const b = g.op('Mul', [a, g.constant(f32([2], []), 'two')]);
  g.output(a, 'a', 'float32', ['n']);
  g.output(b, 'b', 'float32', ['n']);
  g.output(g.op('Mul', ['a', 'b']), 'c', 'float32', ['n']);
  return g;
}

async function run(graph: EditableGraph, inputs: Record<string, Tensor>) {
  const session = await openSession(graph.toBytes());
  const out = await session.run(inputs);
  await session.close();
  return Object.fromEntries(Object.entries(out).map(([name, t]) => [name, [...(t.data as Float32Array)]]));
}
const x = f32([0, 1, 2]);

describe('EditableGraph', () => {
  it('changes a value for all readers and for the outputs, but not for what makes the change', async () => {
    const graph = await open(small());
    const inner = graph.producer('a')!.input[0]!;
    expect(graph.insertAfter(inner, (old) => graph.op('Neg', [old]))).not.toBe(inner);
    expect(await run(graph, { x })).toEqual({ a: [-1, -2, -3], b: [-2, -4, -6], c: [2, 8, 18] });
    expect(graph.insertAfter('b', (old) => graph.op('Neg', [old]))).toBe('b');
    expect(await run(graph, { x })).toEqual({ a: [-1, -2, -3], b: [2, 4, 6], c: [-2, -8, -18] });
  });

  it('reads an input through a change', async () => {
    const graph = await open(small());
    graph.insertAfter('x', (old) => graph.op('Mul', [old, graph.addConstant(f32([10], []))]));
    expect((await run(graph, { x }))['a']).toEqual([1, 11, 21]);
  });

  it('cuts to what the outputs need', async () => {
    const graph = await open(small());
    graph.cutAt(['a']);
    expect([...graph.initializers.keys()]).toEqual(['one']);
    expect(await run(graph, { x })).toEqual({ a: [1, 2, 3] });
    expect(() => graph.cutAt(['gone'])).toThrow(/"gone" is not an output/);
  });

  it('leaves the model and other graphs of it alone', async () => {
    const model = await readModel(small().toBytes());
    const [one, two] = [new EditableGraph(model), new EditableGraph(model)];
    one.insertAfter('b', (old) => one.op('Neg', [old]));
    one.cutAt(['b']);
    expect((await run(two, { x }))['c']).toEqual([2, 8, 18]);
    expect((await run(one.clone(), { x }))['b']).toEqual([-2, -4, -6]);
  });

  it('adds inputs and outputs under free names alone', async () => {
    const graph = await open(small());
    graph.addInput('y', 'float32', ['n']);
    graph.addOutput(graph.op('Add', ['b', 'y']), 'float32', ['n'], 'd');
    expect((await run(graph, { x, y: f32([1, 1, 1]) }))['d']).toEqual([3, 5, 7]);
    expect(() => graph.addInput('y', 'float32', ['n'])).toThrow(/already has a value "y"/);
    expect(new Set([graph.fresh('v'), graph.fresh('v')]).size).toBe(2);
  });

  it('sees and renames what a subgraph reads from outside', async () => {
    const g = new GraphBuilder({ opset: 18 });
    g.input('x', 'float32', ['n']);
    const doubled = g.op('Add', ['x', 'x']);
    const branch = (name: string, op: string) =>
      create(AttributeProtoSchema, {
        name,
        type: AttributeProto_AttributeType.GRAPH,
        g: create(GraphProtoSchema, {
          name,
          node: [create(NodeProtoSchema, { opType: op, input: [doubled], output: [`${name}.y`] })],
          output: [valueInfo(`${name}.y`, 'float32', ['n'])],
        }),
      });
    const node = create(NodeProtoSchema, {
      opType: 'If',
      input: [g.constant(bool([1], []))],
      output: ['y'],
      attribute: [branch('then_branch', 'Neg'), branch('else_branch', 'Identity')],
    });
    g.nodes.push(node);
    g.outputs.push(valueInfo('y', 'float32', ['n']));
    const model = await readModel(g.toBytes());
    const graph = new EditableGraph(model);
    expect(graph.consumers(doubled).map((n) => n.opType)).toEqual(['If']);
    graph.insertAfter(doubled, (old) => graph.op('Abs', [graph.op('Neg', [old])]));
    expect((await run(graph, { x }))['y']).toEqual([-0, -2, -4]);
    expect(new EditableGraph(model).consumers(doubled)).toHaveLength(1);
  });
});

describe('constant folding', () => {
  const fold = async (build: (g: GraphBuilder) => string) => {
    const g = new GraphBuilder({ opset: 18 });
    g.input('x', 'float32', ['batch', 6]);
    const value = build(g);
    g.output(g.op('Cast', [value], { to: 1 }), 'y', 'float32', ['n']);
    const graph = await open(g);
    return graph.numbers(value);
  };
  const ints = (g: GraphBuilder, ...v: number[]) => g.constant(i64(v));

  it('computes shape arithmetic', async () => {
    expect(await fold((g) => g.op('Concat', [ints(g, 2), g.op('Mul', [ints(g, 3), ints(g, 4)])], { axis: 0 }))).toEqual(
      [2, 12],
    );
    expect(await fold((g) => g.op('Div', [ints(g, -7, 7), ints(g, 2)]))).toEqual([-3, 3]);
    expect(await fold((g) => g.op('Slice', [ints(g, 1, 2, 3, 4), ints(g, -3), ints(g, -1)]))).toEqual([2, 3]);
    expect(await fold((g) => g.op('Gather', [ints(g, 5, 6, 7), ints(g, -1, 0)]))).toEqual([7, 5]);
    expect(await fold((g) => g.op('Reshape', [ints(g, 1, 2, 3, 4), ints(g, 2, -1)]))).toEqual([1, 2, 3, 4]);
    expect(await fold((g) => g.op('Shape', [g.constant(f32(new Float32Array(6), [2, 3]))]))).toEqual([2, 3]);
    expect(await fold((g) => g.op('Sqrt', [g.constant(f32([16], []))]))).toEqual([4]);
  });

  it('stops at what depends on an input', async () => {
    expect(await fold((g) => g.op('Shape', ['x']))).toBeUndefined();
    expect(await fold((g) => g.op('Add', [g.op('Shape', ['x']), ints(g, 1)]))).toBeUndefined();
  });
});
