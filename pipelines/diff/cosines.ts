import type { StageName } from '#pipelines/sae/types.ts';

/** Pairs of stages whose decoder rows are compared, both paths and the controls. */
export const STAGE_PAIRS = [
  ['S', 'F'],
  ['S', 'D'],
  ['D', 'F'],
  ['S', 'M'],
  ['M', 'F'],
  ['S', 'F2'],
  ['F', 'F2'],
  ['S', 'C'],
] as const satisfies readonly (readonly [StageName, StageName])[];

/** Name of a pair's cosine: `cos.S.F`. */
export const cosineName = (a: StageName, b: StageName): string => `cos.${a}.${b}`;
