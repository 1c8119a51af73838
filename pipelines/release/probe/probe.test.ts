import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DictionaryInput } from '../dictionary.ts';
import { draws } from '../synthetic/draws.ts';
import { leb, signedLeb } from './assemble.ts';
import { decodeEncoder, encodeEncoder, quantiseEncoder } from './encoder.ts';
import { probeVector } from './probe.ts';
import { compileKernel, plainProjector, projectorOf } from './project.ts';

/** Three rows, so that every number can be followed by hand. */
const tiny = (more: Partial<DictionaryInput> = {}): DictionaryInput => ({
  d: 2,
  n: 3,
  activation: 'relu',
  scale: 1,
  applyBDec: true,
  wEnc: Float32Array.of(1, 0, -1, 0, 1, 0), // [d, n]: rows (1,0) (0,1) (-1,0)
  bEnc: Float32Array.of(0, 0.5, 0),
  wDec: new Float32Array(6),
  bDec: Float32Array.of(1, 0),
  ...more,
});

function random(d: number, n: number, seed: number): DictionaryInput {
  const draw = draws(seed, d, n);
  // Sums of three draws: bell-shaped, as trained weights are.
  const fill = (length: number) =>
    Float32Array.from({ length }, () => draw.real(-1, 1) + draw.real(-1, 1) + draw.real(-1, 1));
  return {
    d,
    n,
    activation: 'topk',
    k: 16,
    scale: 1,
    applyBDec: true,
    wEnc: fill(d * n),
    bEnc: fill(n),
    wDec: fill(d * n),
    bDec: fill(d),
  };
}
const exactPre = (s: DictionaryInput, x: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: s.n }, (_, i) => {
    let sum = s.bEnc[i]!;
    for (let j = 0; j < s.d; j += 1) sum += (s.scale * x[j]! - (s.applyBDec ? s.bDec[j]! : 0)) * s.wEnc[j * s.n + i]!;
    return sum;
  });

test('LEB128, against the examples of the DWARF and WebAssembly specifications', () => {
  expect(leb(624_485)).toEqual([0xe5, 0x8e, 0x26]);
  expect(signedLeb(-123_456)).toEqual([0xc0, 0xbb, 0x78]);
  expect([signedLeb(63), signedLeb(64), signedLeb(-1)]).toEqual([[63], [0xc0, 0], [0x7f]]);
});

test('by hand: x = (3, 2) gives pre-activations (2, 2.5, -2)', () => {
  const encoder = quantiseEncoder(tiny());
  const hits = probeVector(encoder, plainProjector(encoder), [3, 2], 3);
  expect(hits.map((h) => h.index)).toEqual([1, 0, 2]);
  for (const [i, pre] of [2.5, 2, -2].entries()) expect(hits[i]!.pre).toBeCloseTo(pre, 2);
  expect(hits[2]!.activation).toBe(0);
});

test.each([
  ['relu', {}, [true, true, false]],
  ['topk', { k: 1 }, [true, false, false]],
  ['batchtopk', { threshold: Float32Array.of(2.2) }, [true, false, false]],
  ['jumprelu', { threshold: Float32Array.of(1, 3, 0) }, [false, true, false]],
] as const)('%s lets through what it should', (activation, more, expected) => {
  const encoder = quantiseEncoder(tiny({ activation, ...more }));
  expect(probeVector(encoder, plainProjector(encoder), [3, 2], 3).map((h) => h.activation > 0)).toEqual(expected);
});

test('the SIMD kernel and plain TypeScript give the same integers', async () => {
  const module = await compileKernel();
  expect(module).not.toBeNull();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.integer(), (d, n, seed) => {
      const encoder = quantiseEncoder(random(d, n, seed));
      const draw = draws(seed, 9);
      const x = Int16Array.from({ length: encoder.width }, () => draw.int(-2047, 2047));
      expect([...projectorOf(encoder, module).project(x)]).toEqual([...plainProjector(encoder).project(x)]);
    }),
    { numRuns: 60 },
  );
});

test('recall of the exact float top 16 is at least 95 %, and pre-activations lie within 1 % of their range', async () => {
  const dictionary = random(96, 2048, 4);
  const encoder = quantiseEncoder(dictionary);
  const projector = projectorOf(encoder, await compileKernel());
  const draw = draws(17);
  let found = 0;
  for (let v = 0; v < 20; v += 1) {
    const x = Float64Array.from({ length: 96 }, () => draw.real(-2, 2) + draw.real(-2, 2));
    const exact = exactPre(dictionary, x);
    const best = [...exact.keys()].sort((a, b) => exact[b]! - exact[a]!).slice(0, 16);
    const hits = probeVector(encoder, projector, x, 16);
    found += hits.filter((h) => best.includes(h.index)).length;
    const range = exact[best[0]!]!;
    for (const { index, pre } of hits) expect(Math.abs(pre - exact[index]!)).toBeLessThan(0.01 * range);
  }
  expect(found / 320).toBeGreaterThanOrEqual(0.95);
});

test('an encoder survives its file, and no bytes break its reader', () => {
  const encoder = quantiseEncoder(random(20, 7, 2));
  const file = encodeEncoder(encoder);
  expect(decodeEncoder(file)).toEqual(encoder);
  fc.assert(
    fc.property(fc.nat(file.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = file.slice();
      damaged[at]! ^= flip;
      try {
        expect(decodeEncoder(damaged).rows.length).toBe(7 * 32);
      } catch (error) {
        expect((error as Error).name).toBe('ReleaseError');
      }
    }),
    { numRuns: 500 },
  );
});

test('vectors of another width or without end are refused', () => {
  const encoder = quantiseEncoder(tiny());
  expect(() => probeVector(encoder, plainProjector(encoder), [1], 1)).toThrow('width is 2');
  expect(() => probeVector(encoder, plainProjector(encoder), [1, Number.POSITIVE_INFINITY], 1)).toThrow('too large');
});
