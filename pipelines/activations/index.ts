export { decodeHalf, encodeHalf } from './half.ts';
export { type RowFilter, rowsWhere, type TokenMask } from './mask.ts';
export { type OnlinePlace, online, STREAM_START } from './online.ts';
export { type Batch, type ShuffleOptions, shuffled } from './shuffle.ts';
export { type GroupRows, openSource, type RowSource } from './source.ts';
export { openStore, storeBytes } from './store.ts';
export type { ActivationStore, StoreMeta, TokenTable } from './types.ts';
export { createStore, type SampleTokens, type StoreOptions, type StoreWriter } from './writer.ts';
