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

/** Pairs compared after Procrustes alignment: rotation itself, and what the test against adaptation noise needs. */
export const ALIGNED_PAIRS = [
  ['S', 'F'],
  ['F', 'F2'],
  ['D', 'F'],
  ['D', 'F2'],
  ['C', 'F'],
  ['C', 'F2'],
] as const satisfies readonly (readonly [StageName, StageName])[];

/** Name of a pair's aligned cosine: `procrustes.S.F`. */
export const alignedName = (a: StageName, b: StageName): string => `procrustes.${a}.${b}`;
