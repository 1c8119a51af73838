export type { SpatialFile } from './evidence.ts';
export type { SpatialJoinSettings } from './join.stage.ts';
export { type FeatureSpatial, openSpatial, type SpatialResult } from './read.ts';
export type { SpatialSettings } from './spatial.stage.ts';
