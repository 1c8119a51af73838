export { type ArrayFile, type NamedArray, readArrays, vector, writeArrays } from './arrays.ts';
export type { DiffSettings } from './diff.stage.ts';
export type { DiffJoinSettings } from './join.stage.ts';
export { type FeatureDiff, type LayerDiff, openLayerDiff, readDiffSummary } from './read.ts';
export type { DiffSummary } from './summary.ts';
