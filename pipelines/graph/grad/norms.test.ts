import { describe, expect, test } from 'vitest';
import { tapeOf } from '../lower/kit.ts';
import { GraphBuilder } from '../onnx/build.ts';
import { EditableGraph } from '../onnx/graph.ts';
import { readModel } from '../onnx/model.ts';
import { openSession } from '../session.ts';
import { f32, i64 } from '../tensor.ts';
import { distance } from '../testing/metrics.ts';
import { fuseNorms } from './norms.ts';
import { noise } from './testing/finite.ts';

const WIDTH = 8;

/** How an exporter may write a norm. */
interface Form {
  readonly square?: 'Mul' | 'cube';
  readonly inverse?: 'Reciprocal' | 'Div' | 'two over';
  readonly axis?: number;
  readonly swapped?: boolean;
  readonly cast?: boolean;
  readonly centred?: boolean;
}

function written(form: Form): Uint8Array {
  const g = new GraphBuilder({ opset: 18 });
  const number = (x: number) => g.constant(f32([x], []));
  const x = g.input('x', 'float32', ['batch', WIDTH, WIDTH]);
  const [y, other] = [
    form.cast ? g.op('Cast', [x], { to: 1 }) : x,
    form.centred ? g.op('Sub', [x, number(0.5)]) : undefined,
  ];
  const square = form.square === 'Mul' ? g.op('Mul', [y, y]) : g.op('Pow', [y, number(form.square === 'cube' ? 4 : 2)]);
  const mean = g.op('ReduceMean', [square, g.constant(i64([form.axis ?? -1]))], { keepdims: 1 });
  const root = g.op('Sqrt', [form.swapped ? g.op('Add', [number(1e-3), mean]) : g.op('Add', [mean, number(1e-3)])]);
  const inverse =
    form.inverse === 'Reciprocal'
      ? g.op('Reciprocal', [root])
      : g.op('Div', [number(form.inverse === 'two over' ? 2 : 1), root]);
  const unit = g.op('Mul', form.swapped ? [inverse, other ?? y] : [other ?? y, inverse]);
  const scale = g.constant(f32(noise(WIDTH, 5)));
  const last = form.cast ? g.op('Cast', [unit], { to: 1 }) : unit;
  g.output(g.op('Mul', form.swapped ? [last, scale] : [scale, last]), 'y', 'float32', ['batch', WIDTH, WIDTH]);
  return g.toBytes();
}

const run = async (bytes: Uint8Array) => {
  const session = await openSession(bytes);
  const { y } = await session.run({ x: f32(noise(2 * WIDTH * WIDTH, 1), [2, WIDTH, WIDTH]) });
  await session.close();
  return y!.data as Float32Array;
};

const graphOf = async (form: Form) => {
  const graph = new EditableGraph(await readModel(written(form)));
  fuseNorms(graph, tapeOf(graph));
  graph.prune();
  return graph;
};

describe('a norm that was written out', () => {
  test.each<Form>([
    {},
    { square: 'Mul' },
    { inverse: 'Reciprocal' },
    { axis: 2 },
    { swapped: true },
    { cast: true },
    { square: 'Mul', inverse: 'Reciprocal', swapped: true, cast: true },
  ])('%j is the fused one', async (form) => {
    const graph = await graphOf(form);
    expect([...graph.nodes].map((node) => node.opType)).toContain('SimplifiedLayerNormalization');
    expect(graph.nodes.size).toBeLessThanOrEqual(3);
    expect(distance(await run(graph.toBytes()), await run(written(form)))).toBeLessThan(1e-6);
  });

  test.each<Form>([{ axis: 1 }, { square: 'cube' }, { inverse: 'two over' }, { centred: true }])(
    '%j is none, and stays',
    async (form) => {
      const ops = [...(await graphOf(form)).nodes].map((node) => node.opType);
      expect(ops).not.toContain('SimplifiedLayerNormalization');
    },
  );
});
