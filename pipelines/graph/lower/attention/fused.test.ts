import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../../grad/testing/finite.ts';
import { f32, sizeOf, type Tensor } from '../../tensor.ts';
import { type FusedCase, loweringError, runLowered } from '../testing/compare.ts';

/** Two float32 computations of the same sums in another order. */
const TOLERANCE = 3e-6;
const random = (dims: readonly number[], seed: number) => f32(noise(sizeOf(dims), seed, 2), dims);
const i32 = (data: readonly number[], dims: readonly number[] = [data.length]): Tensor<'int32'> => ({
  type: 'int32',
  dims,
  data: Int32Array.from(data),
});
const holds = <T>(arbitrary: fc.Arbitrary<T>, make: (drawn: T) => FusedCase) =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (drawn) => {
      expect(await loweringError(make(drawn))).toBeLessThan(TOLERANCE);
    }),
    { numRuns: 30, seed: 9 },
  );

const WIDTH = 8;
const sizes = {
  batch: fc.integer({ min: 1, max: 3 }),
  pos: fc.integer({ min: 1, max: 4 }),
  past: fc.constantFrom(0, 3),
  heads: fc.integer({ min: 1, max: 3 }),
  scale: fc.constantFrom(undefined, 0.4),
};
/** Keys that count, a prefix of each sequence. */
const prefix = (batch: number, keys: number) =>
  Array.from({ length: batch * keys }, (_, i) => (i % keys <= Math.floor(i / keys) + 1 ? 1 : 0));

describe('MultiHeadAttention as primitives', () => {
  test('of three inputs, with past, bias, masks', () =>
    holds(
      fc.record({
        ...sizes,
        bias: fc.boolean(),
        mask: fc.constantFrom('none', 'keys'),
        attentionBias: fc.boolean(),
        unidirectional: fc.nat(1),
        symbolic: fc.boolean(),
      }),
      ({ batch, pos, past, heads, scale, bias, mask, attentionBias, unidirectional, symbolic }) => {
        const total = past + pos;
        const flat = (seed: number) => random([batch, pos, heads * WIDTH], seed);
        const cache = (seed: number) => (past ? random([batch, heads, past, WIDTH], seed) : undefined);
        return {
          op: 'MultiHeadAttention',
          domain: 'com.microsoft',
          attributes: { num_heads: heads, unidirectional, ...(scale ? { scale } : {}) },
          inputs: [
            flat(1),
            flat(2),
            flat(3),
            bias ? random([3 * heads * WIDTH], 4) : undefined,
            mask === 'keys' ? i32(prefix(batch, total), [batch, total]) : undefined,
            attentionBias ? random([batch, heads, pos, total], 5) : undefined,
            cache(6),
            cache(7),
          ],
          outputs: [3, 4, 4],
          symbolic,
        };
      },
    ));
  test('of one packed input, which no CPU kernel takes, as of three', () =>
    fc.assert(
      fc.asyncProperty(fc.record(sizes), async ({ batch, pos, heads }) => {
        const packed = random([batch, pos, heads, 3, WIDTH], 1);
        const part = (i: number) =>
          f32(
            Array.from(
              { length: batch * pos * heads * WIDTH },
              (_, at) => packed.data[(Math.floor(at / WIDTH) * 3 + i) * WIDTH + (at % WIDTH)]!,
            ),
            [batch, pos, heads * WIDTH],
          );
        const of = (inputs: readonly Tensor[]): FusedCase => ({
          op: 'MultiHeadAttention',
          domain: 'com.microsoft',
          attributes: { num_heads: heads },
          inputs,
        });
        const one = await runLowered(of([packed]));
        const three = await runLowered(of([0, 1, 2].map(part)));
        expect(one['y0']).toEqual(three['y0']);
      }),
      { numRuns: 8, seed: 9 },
    ));
  test('of keys and values by head', () =>
    holds(fc.record({ ...sizes, keys: fc.integer({ min: 1, max: 5 }) }), ({ batch, pos, heads, scale, keys }) => ({
      op: 'MultiHeadAttention',
      domain: 'com.microsoft',
      attributes: { num_heads: heads, ...(scale ? { scale } : {}) },
      inputs: [
        random([batch, pos, heads * WIDTH], 1),
        random([batch, heads, keys, WIDTH], 2),
        random([batch, heads, keys, WIDTH], 3),
      ],
      outputs: [3],
    })));
});

test('Attention with its projection as primitives', () =>
  holds(
    fc.record({
      ...sizes,
      mask: fc.constantFrom('none', 'keys', 'queries', 'lengths'),
      unidirectional: fc.nat(1),
      attentionBias: fc.boolean(),
    }),
    ({ batch, pos, past, heads, scale, mask, unidirectional, attentionBias }) => {
      const width = heads * WIDTH;
      const total = past + pos;
      const masks: Record<typeof mask, Tensor | undefined> = {
        none: undefined,
        keys: i32(prefix(batch, total), [batch, total]),
        queries: i32(
          Array.from({ length: batch * pos * total }, (_, i) => (i % total <= 1 || i % 3 ? 1 : 0)),
          [batch, pos, total],
        ),
        lengths: i32(Array.from({ length: batch }, (_, b) => Math.min(total, b + 1))),
      };
      return {
        op: 'Attention',
        domain: 'com.microsoft',
        attributes: { num_heads: heads, unidirectional, ...(scale ? { scale } : {}) },
        inputs: [
          random([batch, pos, 6], 1),
          random([6, 3 * width], 2),
          random([3 * width], 3),
          masks[mask],
          past ? random([2, batch, heads, past, WIDTH], 4) : undefined,
          attentionBias && !past ? random([batch, heads, pos, total], 5) : undefined,
        ],
        constant: [1, 2],
        outputs: past ? [3, 5] : [3],
      };
    },
  ));

test('Attention of opset 23 as primitives', () =>
  holds(
    fc.record({
      ...sizes,
      groups: fc.integer({ min: 1, max: 2 }),
      flat: fc.boolean(),
      mask: fc.constantFrom('none', 'bool', 'float'),
      causal: fc.nat(1),
      softcap: fc.constantFrom(0, 4),
    }),
    ({ batch, pos, past, heads, groups, flat, mask, causal, scale, softcap }) => {
      const total = past + pos;
      const of = (n: number, seed: number) => random(flat ? [batch, pos, n * WIDTH] : [batch, n, pos, WIDTH], seed);
      const cache = (seed: number) => (past ? random([batch, heads, past, WIDTH], seed) : undefined);
      const seen = Array.from({ length: pos * total }, (_, i) => (i % total === 0 || i % 4 ? 1 : 0));
      const masks = {
        none: undefined,
        bool: { type: 'bool', dims: [pos, total], data: Uint8Array.from(seen) } as Tensor,
        float: random([1, 1, pos, total], 6),
      };
      return {
        op: 'Attention',
        opset: 23,
        attributes: {
          is_causal: causal,
          softcap: { float: softcap },
          ...(flat ? { q_num_heads: heads * groups, kv_num_heads: heads } : {}),
          ...(scale ? { scale } : {}),
        },
        inputs: [of(heads * groups, 1), of(heads, 2), of(heads, 3), masks[mask], cache(4), cache(5)],
        outputs: past ? [flat ? 3 : 4, 4, 4] : [flat ? 3 : 4],
      };
    },
  ));
