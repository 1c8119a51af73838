import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { signFlip } from './sign-flip.ts';

const x = [1.5, -0.2, 0.7, 2.1, 0.3, -0.9, 1.1, 0.4];
// numpy.random.default_rng(0).normal(0.35, 1, 24), rounded
const long = [
  0.48, 0.22, 0.99, 0.45, -0.19, 0.71, 1.65, 1.3, -0.35, -0.92, -0.27, 0.39, -1.98, 0.13, -0.9, -0.38, -0.19, 0.03,
  0.76, 1.39, 0.22, 1.72, -0.32, 0.7,
];
const options = (rounds: number) => ({ rounds, random: random(1, 'sign-flip.test') });

describe('sign-flip test', () => {
  it("is SciPy's permutation_test over all signs where they are few", () => {
    expect(signFlip(x, { ...options(999), alternative: 'greater' })).toBe(0.05859375);
    expect(signFlip(x, { ...options(999), alternative: 'two-sided' })).toBe(0.1171875);
  });

  it('comes near it where signs are drawn', () => {
    expect(signFlip(long, { ...options(20_000), alternative: 'greater' })).toBeCloseTo(0.09925, 2);
    expect(signFlip(long, { ...options(20_000), alternative: 'two-sided' })).toBeCloseTo(0.1985, 2);
  });

  it('says 1 for nothing, refuses what is no number, and gives the same answer again', () => {
    expect(signFlip([], { ...options(99), alternative: 'greater' })).toBe(1);
    expect(signFlip([0, 0, 0], { ...options(99), alternative: 'two-sided' })).toBe(1);
    expect(() => signFlip([1, Number.NaN], { ...options(99), alternative: 'greater' })).toThrow('sign flip');
    const again = () => signFlip(long, { ...options(500), alternative: 'greater' });
    expect(again()).toBe(again());
  });
});
