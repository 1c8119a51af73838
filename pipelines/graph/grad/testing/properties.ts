import fc from 'fast-check';
import { expect } from 'vitest';
import { sizeOf } from '../../tensor.ts';
import { type GradCase, gradientError, noise } from './finite.ts';

/** Central differences of step 1e-5 in float64 are good to about 1e-9 of the values; kinks are avoided by the inputs. */
const TOLERANCE = 1e-6;
/** Where the gradient itself is computed in float32. */
const SINGLE = 1e-5;
const RUNS = 6;

export type Build = GradCase['build'];
export const dim = fc.integer({ min: 1, max: 3 });
export const shape = (min: number, max: number) => fc.array(dim, { minLength: min, maxLength: max });
/** Whether shapes are known beforehand, and how many metrics share the pass (0: no leading axis). */
export const mode = fc.record({ symbolic: fc.boolean(), lead: fc.constantFrom(0, 1, 3) });

/** An input of noise, mapped to where the operator is smooth. */
export const of = (dims: readonly number[], seed: number, map: (x: number) => number = (x) => x) => ({
  dims,
  data: noise(sizeOf(dims), seed).map(map),
});
export const positive = (x: number) => 1.2 + x;
export const apart = (x: number) => x + 0.13;

/** A shape that broadcasts to `dims`: leading axes dropped, some axes 1. */
export const narrower = (dims: readonly number[]) =>
  fc
    .record({
      drop: fc.integer({ min: 0, max: dims.length }),
      ones: fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length }),
    })
    .map(({ drop, ones }) => dims.map((d, i) => (ones[i] ? 1 : d)).slice(drop));

/** The gradient agrees with finite differences for every drawn case. */
export const property = (arbitrary: fc.Arbitrary<GradCase>) =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (test) => {
      expect(await gradientError(test)).toBeLessThan(test.reference ? SINGLE : TOLERANCE);
    }),
    { numRuns: RUNS, seed: 11 },
  );
