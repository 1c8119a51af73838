import { expect, it } from 'vitest';
import { tapeOf } from '../lower/kit.ts';
import { GraphBuilder } from '../onnx/build.ts';
import { EditableGraph } from '../onnx/graph.ts';
import { readModel } from '../onnx/model.ts';
import { f32, i64 } from '../tensor.ts';

/** Shape of `x` `[batch, seq, 12]` after a reshape to `[batch, size, -1, 4]`, `size` by an operator on the sequence's length. */
async function reshapedBy(build: (g: GraphBuilder, seq: string) => string) {
  const g = new GraphBuilder({ opset: 18 });
  const x = g.input('x', 'float32', ['batch', 'seq', 12]);
  const sizes = [0, 1].map((i) => g.op('Gather', [g.op('Shape', [x]), g.constant(i64([i]))]));
  const target = g.op('Concat', [sizes[0]!, build(g, sizes[1]!), g.constant(i64([-1, 4]))], { axis: 0 });
  g.output(g.op('Mul', [g.op('Reshape', [x, target]), g.constant(f32([1]))]), 'y', 'float32', []);
  return tapeOf(new EditableGraph(await readModel(g.toBytes()))).facts.shape('y');
}

it('the larger of a size and 0 is that size', async () => {
  const shape = await reshapedBy((g, seq) => g.op('Max', [g.constant(i64([0])), seq]));
  expect(shape).toEqual(['batch', 'seq', 3, 4]);
});

it('a size that cannot be told is one symbol, wherever it is read', async () => {
  const shape = await reshapedBy((g, seq) => g.op('Min', [g.constant(i64([7])), seq]));
  expect(shape?.[0]).toBe('batch');
  expect(shape?.[1]).toMatch(/^\?\d+$/);
  expect(shape?.slice(3)).toEqual([4]);
});
