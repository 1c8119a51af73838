export * from './estimate.ts';
export * from './examples.ts';
export * from './feature.ts';
export * from './heads.ts';
export * from './ids.ts';
export * from './manifest.ts';
export * from './quality.ts';
export * from './summary.ts';
