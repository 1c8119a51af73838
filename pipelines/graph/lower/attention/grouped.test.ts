import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../../grad/testing/finite.ts';
import { openSession } from '../../session.ts';
import type { ElementType, Tensor } from '../../tensor.ts';
import { f32, sizeOf } from '../../tensor.ts';
import { bothWays, type FusedCase, loweringError } from '../testing/compare.ts';

/** Two float32 computations of the same sums in another order. */
const TOLERANCE = 2e-6;
const random = (dims: readonly number[], seed: number) => f32(noise(sizeOf(dims), seed, 2), dims);
const i32 = (data: readonly number[], dims: readonly number[] = [data.length]): Tensor<'int32'> => ({
  type: 'int32' satisfies ElementType,
  dims,
  data: Int32Array.from(data),
});

/** Cosines and sines of `max` positions for `half` frequencies. */
function tables(max: number, half: number): [Tensor<'float32'>, Tensor<'float32'>] {
  const angle = Array.from({ length: max * half }, (_, i) => Math.floor(i / half) / 3 ** (i % half));
  return [f32(angle.map(Math.cos), [max, half]), f32(angle.map(Math.sin), [max, half])];
}

const options = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  pos: fc.integer({ min: 1, max: 5 }),
  past: fc.constantFrom(0, 0, 3),
  kv: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 3 }),
  packed: fc.boolean(),
  rotary: fc.constantFrom('none', 'halves', 'interleaved', 'partial'),
  softcap: fc.constantFrom(0, 5),
  window: fc.constantFrom(-1, 1, 3),
  smooth: fc.boolean(),
  scale: fc.constantFrom(undefined, 0.31),
  padded: fc.boolean(),
  symbolic: fc.boolean(),
});
type Options = typeof options extends fc.Arbitrary<infer T> ? T : never;

const PLAIN: Options = {
  batch: 1,
  pos: 1,
  past: 0,
  kv: 1,
  groups: 1,
  packed: false,
  rotary: 'none',
  softcap: 0,
  window: -1,
  smooth: false,
  scale: undefined,
  padded: false,
  symbolic: false,
};

function grouped(o: Options): FusedCase {
  const width = 32;
  const heads = o.kv * o.groups;
  // the kernel takes several new tokens after a past only for one sequence
  const [batch, pos] = [o.past > 0 && o.pos > 1 ? 1 : o.batch, o.pos];
  const total = o.past + pos;
  // a prompt may be padded on the right
  const ends = Array.from({ length: batch }, (_, b) => total - 1 - (o.padded && o.past === 0 && b > 0 ? 1 : 0)).map(
    (e) => Math.max(e, 0),
  );
  const [cos, sin] = tables(16, o.rotary === 'partial' ? 8 : 16);
  const flat = (n: number, seed: number) => random([batch, pos, n * width], seed);
  const qkv = o.packed
    ? [flat(heads + 2 * o.kv, 1), undefined, undefined]
    : [flat(heads, 1), flat(o.kv, 2), flat(o.kv, 3)];
  const past = [random([batch, o.kv, o.past, width], 4), random([batch, o.kv, o.past, width], 5)];
  const turned = o.rotary !== 'none';
  return {
    op: 'GroupQueryAttention',
    domain: 'com.microsoft',
    attributes: {
      num_heads: heads,
      kv_num_heads: o.kv,
      do_rotary: turned ? 1 : 0,
      rotary_interleaved: o.rotary === 'interleaved' ? 1 : 0,
      local_window_size: { int: o.window },
      softcap: { float: o.softcap },
      smooth_softmax: o.smooth ? 1 : 0,
      ...(o.scale ? { scale: o.scale } : {}),
    },
    inputs: [...qkv, ...past, i32(ends), i32([total], []), ...(turned ? [cos, sin] : [])],
    constant: [7, 8],
    outputs: [3, 4, 4],
    symbolic: o.symbolic,
    // what the kernel gives at padding depends on its version
    counts: (b, p) => o.past + p <= ends[b]!,
  };
}

describe('GroupQueryAttention as primitives', () => {
  test('agrees with the kernel over its options', () =>
    fc.assert(
      fc.asyncProperty(options, async (o) => {
        expect(await loweringError(grouped(o))).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 60, seed: 3 },
    ));

  test('gives its weights: no key after the query, rows that sum to one', async () => {
    const fused = grouped({ ...PLAIN, batch: 2, pos: 4, groups: 2, packed: true, rotary: 'halves' });
    const { inside, graph } = await bothWays(fused);
    graph.addOutput(inside.pattern, 'float32', ['b', 'h', 'q', 'k']);
    const session = await openSession(graph.toBytes());
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, fused.inputs[Number(name.slice(1))]!]));
    const pattern = (await session.run(feeds))[inside.pattern]!;
    await session.close();
    expect(pattern.dims).toEqual([2, 2, 4, 4]);
    for (let row = 0; row < 16; row += 1) {
      const weights = Array.from(pattern.data as Float32Array).slice(row * 4, row * 4 + 4);
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(weights.slice((row % 4) + 1).every((w) => w === 0)).toBe(true);
    }
  });
});
