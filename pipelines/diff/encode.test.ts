import { describe, expect, it } from 'vitest';
import type { Sae } from '#pipelines/sae/types.ts';
import { encodeRows, fractionUnexplained, reconstruct } from './encode.ts';

const sae = (fields: Partial<Sae> & Pick<Sae, 'd' | 'n' | 'activation'>): Sae => ({
  scale: 1,
  applyBDec: false,
  wEnc: new Float32Array(fields.d * fields.n),
  bEnc: new Float32Array(fields.n),
  wDec: new Float32Array(fields.d * fields.n),
  bDec: new Float32Array(fields.d),
  ...fields,
});
/** A dictionary of width n whose pre-activations are its input. */
const identity = (n: number, activation: Sae['activation'], more: Partial<Sae> = {}): Sae => {
  const eye = Float32Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
  return sae({ d: n, n, activation, wEnc: eye, wDec: eye.slice(), ...more });
};
const dense = (s: Sae, x: number[]): number[] => {
  const { index, value } = encodeRows(s, x);
  const row = Array<number>(s.n).fill(0);
  for (let k = 0; k < index.length; k += 1) row[index[k]!] = value[k]!;
  return row;
};

describe('encodeRows', () => {
  it('gives the check vectors of JumpReLU', () => {
    const ones = sae({
      d: 2,
      n: 3,
      activation: 'jumprelu',
      wEnc: new Float32Array(6).fill(1),
      threshold: Float32Array.of(1, 0.5, 0.25),
    });
    const acts = dense(ones, [0.3, 0.3]);
    expect(acts[0]).toBe(0);
    expect(acts[1]).toBeCloseTo(0.6, 12);
    expect(acts[2]).toBeCloseTo(0.6, 12);
    const strict = identity(5, 'jumprelu', { threshold: Float32Array.of(1, 0.5, 1.5, 2, 0.8) });
    expect(dense(strict, [-1, 0.5, 1, 1.5, 2])).toEqual([0, 0, 0, 0, 2]);
  });

  it('keeps the k largest', () => {
    expect(dense(identity(4, 'topk', { k: 2 }), [1, 5, 3, 2])).toEqual([0, 5, 3, 0]);
    expect(dense(identity(3, 'topk', { k: 2 }), [-1, -2, 4])).toEqual([0, 0, 4]);
    expect(dense(identity(3, 'topk', { k: 1 }), [2, 2, 1])).toEqual([2, 0, 0]);
  });

  it('subtracts the decoder bias and scales where the dictionary says so', () => {
    const s = identity(2, 'relu', { scale: 0.5, applyBDec: true, bDec: Float32Array.of(1, 0) });
    expect(dense(s, [4, 2])).toEqual([1, 1]);
  });

  it('refuses a JumpReLU without thresholds and an unknown activation', () => {
    expect(() => encodeRows(identity(2, 'jumprelu'), [1, 1])).toThrow('threshold');
    expect(() => encodeRows(identity(2, 'gated'), [1, 1])).toThrow('gated');
  });
});

describe('reconstruction', () => {
  it('gives the check vector of explained variance', () => {
    // Features whose decoder rows are the reconstructions of the check vector, one a token.
    const s = sae({
      d: 2,
      n: 3,
      activation: 'relu',
      wEnc: Float32Array.of(-1, 0, 1, 0, 1, 0),
      wDec: Float32Array.of(0, 0, 0, 1, 0.5, 1),
    });
    const features = { offsets: [0, 0, 1, 2], index: [1, 2], value: [2, 1] };
    expect(fractionUnexplained(s, [-1, 0, 0, 2, 1, 1], features)).toBeCloseTo(0.3125, 12);
    const out = new Float64Array(2);
    reconstruct(s, features, 2, out);
    expect(Array.from(out)).toEqual([0.5, 1]);
  });

  it('refuses tokens that do not vary', () => {
    expect(() =>
      fractionUnexplained(identity(2, 'relu'), [1, 1, 1, 1], { offsets: [0, 0, 0], index: [], value: [] }),
    ).toThrow('do not vary');
  });
});
