import { expect, test } from 'vitest';
import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';
import { kit } from './kit.ts';
import { guidance } from './losses.ts';

/** One row, three heads, two positions, four places. */
const PATTERN = f32(
  [
    ...[0.7, 0.1, 0.1, 0.1, 0.25, 0.25, 0.25, 0.25],
    ...[0.2, 0.5, 0.2, 0.1, 0.1, 0.2, 0.3, 0.4],
    ...[0.4, 0.4, 0.1, 0.1, 0.6, 0.2, 0.1, 0.1],
  ],
  [1, 3, 2, 4],
);
/** Of places 1 to 3: the first position looks at two of them, the second at none. */
const LOOK = f32([1, 0, 1, 0, 0, 0], [1, 2, 3]);

async function guided(spread: boolean) {
  const g = new GraphBuilder();
  const k = kit(g);
  const [pattern, look] = [g.input('pattern', 'float32', [1, 3, 2, 4]), g.input('look', 'float32', [1, 2, 3])];
  const { loss, looks } = guidance(k, pattern, look, [1, 3], [1, 4], spread);
  g.output(loss, 'loss', 'float32', []);
  g.output(looks, 'looks', 'float32', []);
  const session = await openSession(g.toBytes());
  const out = await session.run({ pattern: PATTERN, look: LOOK });
  await session.close();
  return [out['loss']!.data[0], out['looks']!.data[0]].map(Number);
}

// heads 1 and 2 pay 0.5 and 0.4 to the one place, 0.1 and 0.1 to the other
const LOOKS = (0.5 + 0.1 + (0.4 + 0.1)) / 2;

test('heads guided to some places may look anywhere among them', async () => {
  const [loss, looks] = await guided(false);
  expect(loss).toBeCloseTo(-(Math.log(0.6) + Math.log(0.5)) / 2, 4);
  expect(looks).toBeCloseTo(LOOKS, 6);
});

test('heads guided evenly look at every one of them', async () => {
  const [loss, looks] = await guided(true);
  expect(loss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.1) + Math.log(0.4) + Math.log(0.1)) / 4, 3);
  expect(looks).toBeCloseTo(LOOKS, 6);
});
