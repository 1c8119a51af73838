import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../grad/testing/finite.ts';
import type { Attributes } from '../onnx/build.ts';
import { f32, i64, sizeOf, type Tensor } from '../tensor.ts';
import { LOWERINGS } from './index.ts';
import { bothWays, type FusedCase, loweringError } from './testing/compare.ts';

/** Two float32 computations of the same sums in another order. */
const TOLERANCE = 3e-6;
const random = (dims: readonly number[], seed: number, scale = 1.5) => f32(noise(sizeOf(dims), seed, scale), dims);
const dim = fc.integer({ min: 1, max: 4 });
const holds = <T>(arbitrary: fc.Arbitrary<T>, make: (drawn: T) => FusedCase, runs = 12) =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (drawn) => {
      const fused = make(drawn);
      expect(await loweringError(fused)).toBeLessThan(TOLERANCE);
      const { ops } = await bothWays(fused);
      expect(ops).not.toContain(fused.domain ? `${fused.domain}:${fused.op}` : fused.op);
    }),
    { numRuns: runs, seed: 5 },
  );

describe('norms as primitives', () => {
  const sizes = fc.record({
    batch: dim,
    pos: dim,
    width: fc.integer({ min: 2, max: 9 }),
    bias: fc.boolean(),
    symbolic: fc.boolean(),
  });
  const x = (s: { batch: number; pos: number; width: number }, seed: number) => random([s.batch, s.pos, s.width], seed);
  test.each(['LayerNormalization', 'SimplifiedLayerNormalization', 'RMSNormalization'])('%s', (op) =>
    holds(sizes, (s) => ({
      op,
      opset: op === 'RMSNormalization' ? 23 : 21,
      attributes: { epsilon: 1e-3, axis: -1 },
      symbolic: s.symbolic,
      inputs: [x(s, 1), random([s.width], 2), ...(s.bias && op === 'LayerNormalization' ? [random([s.width], 3)] : [])],
    })),
  );
  test('SkipLayerNormalization, its sum too', () =>
    holds(sizes, (s) => ({
      op: 'SkipLayerNormalization',
      domain: 'com.microsoft',
      attributes: { epsilon: 1e-3 },
      inputs: [x(s, 1), x(s, 2), random([s.width], 3), random([s.width], 4), s.bias ? random([s.width], 5) : undefined],
      outputs: [3, undefined, undefined, 3],
    })));
  test('SkipSimplifiedLayerNormalization, its sum too', () =>
    holds(sizes, (s) => ({
      op: 'SkipSimplifiedLayerNormalization',
      domain: 'com.microsoft',
      attributes: { epsilon: 1e-3 },
      inputs: [x(s, 1), x(s, 2), random([s.width], 3), s.bias ? random([s.width], 5) : undefined],
      outputs: [3, undefined, undefined, 3],
    })));
  test('EmbedLayerNormalization', () =>
    holds(sizes, (s) => ({
      op: 'EmbedLayerNormalization',
      domain: 'com.microsoft',
      attributes: { epsilon: 1e-3 },
      inputs: [
        { type: 'int32', dims: [s.batch, s.pos], data: Int32Array.from({ length: s.batch * s.pos }, (_, i) => i % 5) },
        s.bias
          ? {
              type: 'int32',
              dims: [s.batch, s.pos],
              data: Int32Array.from({ length: s.batch * s.pos }, (_, i) => i % 2),
            }
          : undefined,
        random([5, s.width], 1),
        random([6, s.width], 2),
        s.bias ? random([2, s.width], 3) : undefined,
        random([s.width], 4),
        random([s.width], 5),
      ],
      outputs: [3, undefined, 3],
    })));
});

describe('activations as primitives', () => {
  const cases: Record<string, { attributes?: Attributes; bias?: boolean; double?: boolean; domain?: string }> = {
    Gelu: { domain: '' },
    'Gelu tanh': { domain: '', attributes: { approximate: 'tanh' } },
    'com.microsoft:Gelu': {},
    BiasGelu: { bias: true },
    FastGelu: { bias: true },
    QuickGelu: { attributes: { alpha: 1.3 } },
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const { attributes = {}, bias, domain = 'com.microsoft' } = cases[name]!;
    return holds(fc.record({ batch: dim, pos: dim, width: dim }), ({ batch, pos, width }) => ({
      op: name.split(':').at(-1)!.split(' ')[0]!,
      domain,
      attributes,
      inputs: [random([batch, pos, width], 1, 3), ...(bias ? [random([width], 2)] : [])],
    }));
  });
});

describe('products as primitives', () => {
  test('FusedMatMul', () =>
    holds(
      fc.record({
        m: dim,
        n: dim,
        p: dim,
        batch: dim,
        transA: fc.nat(1),
        transB: fc.nat(1),
        alpha: fc.constantFrom(1, 0.3),
      }),
      ({ m, n, p, batch, transA, transB, alpha }) => ({
        op: 'FusedMatMul',
        domain: 'com.microsoft',
        attributes: { transA, transB, alpha: { float: alpha } },
        inputs: [random(transA ? [batch, n, m] : [batch, m, n], 1), random(transB ? [p, n] : [n, p], 2)],
      }),
    ));
  test('MatMulNBits of 4 and 8 bits, with and without zero points', () =>
    holds(
      fc.record({
        rows: fc.constantFrom(16, 32, 40, 64),
        columns: dim,
        bits: fc.constantFrom(4, 8),
        block: fc.constantFrom(16, 32),
        zeros: fc.boolean(),
        bias: fc.boolean(),
      }),
      ({ rows, columns, bits, block, zeros, bias }) => {
        const blocks = Math.ceil(rows / block);
        const bytes = (dims: readonly number[], seed: number): Tensor => ({
          type: 'uint8',
          dims,
          data: Uint8Array.from({ length: sizeOf(dims) }, (_, i) => (i * 37 + seed * 91) % 256),
        });
        return {
          op: 'MatMulNBits',
          domain: 'com.microsoft',
          attributes: { K: rows, N: columns, bits, block_size: block, accuracy_level: 1 },
          inputs: [
            random([2, 3, rows], 1),
            bytes([columns, blocks, (block * bits) / 8], 2),
            random([columns * blocks], 3, 0.1),
            zeros ? bytes([columns * Math.ceil((blocks * bits) / 8)], 4) : undefined,
            undefined,
            bias ? random([columns], 5) : undefined,
          ],
          constant: [1, 2, 3, 5],
        };
      },
      24,
    ));
});

describe('RotaryEmbedding as primitives', () => {
  const turned = fc.record({
    batch: dim,
    pos: dim,
    heads: fc.integer({ min: 1, max: 3 }),
    interleaved: fc.nat(1),
    partial: fc.boolean(),
    flat: fc.boolean(),
    offset: fc.boolean(),
  });
  const table = (rows: number, half: number, f: (x: number) => number) =>
    f32(
      Array.from({ length: rows * half }, (_, i) => f(Math.floor(i / half) / 2 ** (i % half))),
      [rows, half],
    );
  test('com.microsoft', () =>
    holds(turned, ({ batch, pos, heads, interleaved, partial, flat, offset }) => {
      const [width, rotated] = [8, partial ? 4 : 8];
      const positions = offset
        ? i64([2])
        : i64(
            Array.from({ length: batch * pos }, (_, i) => i % 7),
            [batch, pos],
          );
      return {
        op: 'RotaryEmbedding',
        domain: 'com.microsoft',
        attributes: { interleaved, ...(partial ? { num_heads: heads, rotary_embedding_dim: rotated } : {}) },
        inputs: [
          random(flat ? [batch, pos, heads * width] : [batch, heads, pos, width], 1),
          positions,
          table(12, rotated / 2, Math.cos),
          table(12, rotated / 2, Math.sin),
        ],
        outputs: [flat ? 3 : 4],
      };
    }));
  test('ONNX', () =>
    holds(turned, ({ batch, pos, heads, interleaved, partial, flat }) => {
      const [width, rotated] = [8, partial ? 4 : 8];
      return {
        op: 'RotaryEmbedding',
        opset: 23,
        attributes: { interleaved, num_heads: heads, ...(partial ? { rotary_embedding_dim: rotated } : {}) },
        inputs: [
          random(flat ? [batch, pos, heads * width] : [batch, heads, pos, width], 1),
          table(12, rotated / 2, Math.cos),
          table(12, rotated / 2, Math.sin),
          i64(
            Array.from({ length: batch * pos }, (_, i) => i % 7),
            [batch, pos],
          ),
        ],
        outputs: [flat ? 3 : 4],
      };
    }));
});

test('an option without a lowering is refused by name', async () => {
  const grouped = bothWays({
    op: 'MatMulNBits',
    domain: 'com.microsoft',
    attributes: { K: 16, N: 1, bits: 4, block_size: 16 },
    inputs: [
      random([1, 1, 16], 1),
      { type: 'uint8', dims: [1, 1, 8], data: new Uint8Array(8) },
      random([1], 2),
      undefined,
      { type: 'int32', dims: [16], data: new Int32Array(16) },
    ],
    constant: [1, 2, 4],
  });
  await expect(grouped).rejects.toThrow(/MatMulNBits .* g_idx/);
  expect(Object.keys(LOWERINGS)).toContain('com.microsoft:GroupQueryAttention');
});
