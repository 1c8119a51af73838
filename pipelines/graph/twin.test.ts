import { expect, test } from 'vitest';
import { tapeOf } from './lower/kit.ts';
import { GraphBuilder } from './onnx/build.ts';
import { EditableGraph } from './onnx/graph.ts';
import { readModel } from './onnx/model.ts';
import { scanOver } from './scan.ts';
import { openSession } from './session.ts';
import { f32 } from './tensor.ts';
import { addTwin, twinInput } from './twin.ts';

test('a second run has inputs of its own, shares what is shared, and reaches into loops', async () => {
  const g = new GraphBuilder();
  const [x, y] = [g.input('x', 'float32', ['K', 2]), g.input('y', 'float32', [2])];
  const weight = g.op('Neg', [g.constant(f32([2, 3]))]);
  const product = g.op('Mul', [g.op('Relu', [x]), g.op('Mul', [g.op('Exp', [y]), weight])]);
  g.output(product, 'out', 'float32', ['K', 2]);
  const graph = new EditableGraph(await readModel(g.toBytes()));
  const [looped] = scanOver(graph, ['x'], [{ name: product, rank: 2 }]) as [string];
  const twin = addTwin(graph, tapeOf(graph), [looped], new Set(['x'])).get(looped)!;
  graph.outputs = [];
  for (const value of [looped, twin]) graph.addOutput(value, 'float32');
  graph.prune();
  const ops = [...graph.nodes].map((node) => node.opType).sort();
  expect(ops).toEqual(['Exp', 'Exp', 'Mul', 'Mul', 'Neg', 'Scan', 'Scan']);
  const session = await openSession(graph.toBytes());
  expect(session.inputNames.toSorted()).toEqual([twinInput('y'), 'x', 'y']);
  const values = { x: f32([1, -2, 3, 4], [1, 2, 2]), y: f32([0, 1]), [twinInput('y')]: f32([1, 0]) };
  const got = await session.run(values);
  await session.close();
  const expected = (a: number, b: number) => [1 * a * -2, 0, 3 * a * -2, 4 * b * -3].map(Math.fround);
  [expected(1, Math.E), expected(Math.E, 1)].forEach((numbers, i) => {
    const { data } = got[[looped, twin][i]!]!;
    numbers.forEach((n, j) => {
      expect(data[j]).toBeCloseTo(n, 4);
    });
  });
});
