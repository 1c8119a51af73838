import { random } from '#pipelines/data/random.ts';

/** Vectors made of `active` of `n` planted unit directions each, plus a little noise: `x [tokens, d]`. For tests and benchmarks. */
export function plantedActivations(options: {
  readonly d: number;
  readonly n: number;
  readonly active: number;
  readonly tokens: number;
  readonly seed: number;
  readonly noise?: number;
}): { readonly x: Float32Array; readonly directions: Float32Array } {
  const { d, n, active, tokens, seed, noise = 0.02 } = options;
  const source = random(seed, 'planted');
  const directions = Float32Array.from({ length: n * d }, () => source.normal());
  for (let i = 0; i < n; i += 1) {
    const row = directions.subarray(i * d, (i + 1) * d);
    const norm = Math.hypot(...row);
    for (let j = 0; j < d; j += 1) row[j]! /= norm;
  }
  const x = Float32Array.from({ length: tokens * d }, () => noise * source.normal());
  for (let t = 0; t < tokens; t += 1)
    for (let a = 0; a < active; a += 1) {
      const i = source.int(0, n - 1);
      const strength = 1 + source.float();
      for (let j = 0; j < d; j += 1) x[t * d + j]! += strength * directions[i * d + j]!;
    }
  return { x, directions };
}
