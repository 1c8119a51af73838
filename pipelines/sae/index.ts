export { decodeScaled, reconstruct } from './decode.ts';
export { createEncoder, type Encoder } from './encode.ts';
export { loadDictionary, loadSae } from './formats/index.ts';
export { type SparseRows, toDense } from './sparse.ts';
export type { TrainConfig } from './train/config.ts';
export type { TrainState } from './train/state.ts';
export { openTrainer, type Trainer } from './train/trainer.ts';
export { type ActivationKind, type Sae, STAGES, type StageName } from './types.ts';
