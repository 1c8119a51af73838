import { type Arena, arenaFits, openArena } from '../wasm/arena.ts';
import { LANE } from '../wasm/kernels.ts';
import type { TrainConfig } from './config.ts';
import type { Parameters, TrainState } from './state.ts';

const up = (value: number, to: number) => Math.ceil(value / to) * to;

/** Padded sizes: rows of `width` floats, `count` features. Padding stays zero, or is never chosen. */
export interface Padded {
  readonly width: number;
  readonly count: number;
}
export const padded = ({ d, n }: Pick<TrainConfig, 'd' | 'n'>): Padded => ({ width: up(d, LANE), count: up(n, LANE) });

/** A bias that keeps a feature that does not exist from being chosen. */
export const NEVER = -3e38;

/** Kept from step to step: encoder and decoder by feature, one row each, with Adam's moments. */
const KEPT = ['wEnc', 'wDec', 'bEnc', 'bDec'] as const;
const GROUPS = ['params', 'm', 'v'] as const;
export type KeptName = `${(typeof GROUPS)[number]}.${(typeof KEPT)[number]}`;

type WorkName =
  | ('zero' | 'gDec' | 'gEnc' | 'gBEnc' | 'gBDec' | 'one' | 'limits' | 'auxBias')
  | ('base' | 'y' | 'z' | 'error' | 'left' | 'tokenIndex' | 'tokenWeight')
  | `${'main' | 'aux'}.${'rowIndex' | 'rowValue' | 'rowOffsets' | 'colToken' | 'colValue' | 'colWeight' | 'colSlope' | 'colOffsets'}`;
export type ArrayName = KeptName | WorkName;
export type SparseArena = Arena<ArrayName>;

/** Entries of the two choices in a batch of `tokens`: in the row arrays, and after the choice. */
function entryCounts(config: TrainConfig, tokens: number, count: number) {
  const { activation, k = 0, loss } = config;
  const chosen = Math.ceil(k * tokens);
  const auxK = loss.aux ? Math.min(loss.aux.k, config.n) : 0;
  return {
    main: { rows: activation === 'batchtopk' ? tokens * count : chosen, columns: chosen },
    aux: { rows: auxK * tokens, columns: auxK * tokens },
  };
}

/** Lengths of all arrays for batches of at most `tokens`. */
export function layout(config: TrainConfig, tokens: number): Record<ArrayName, number> {
  const { width, count } = padded(config);
  const kept = { wEnc: count * width, wDec: count * width, bEnc: count, bDec: width };
  const lengths: Record<string, number> = {};
  for (const group of GROUPS) for (const name of KEPT) lengths[`${group}.${name}`] = kept[name];
  Object.assign(lengths, { zero: Math.max(width, 16), gDec: width, gEnc: width, gBEnc: count, gBDec: width });
  Object.assign(lengths, { one: 16, limits: count, auxBias: count });
  for (const name of ['base', 'y', 'error', 'left']) lengths[name] = tokens * width;
  Object.assign(lengths, { z: tokens * count, tokenIndex: tokens, tokenWeight: tokens });
  for (const [list, { rows, columns }] of Object.entries(entryCounts(config, tokens, count))) {
    Object.assign(lengths, {
      [`${list}.rowIndex`]: rows,
      [`${list}.rowValue`]: rows,
      [`${list}.rowOffsets`]: tokens + 1,
    });
    for (const name of ['colToken', 'colValue', 'colWeight', 'colSlope']) lengths[`${list}.${name}`] = columns;
    lengths[`${list}.colOffsets`] = count + 1;
  }
  return lengths as Record<ArrayName, number>;
}

/** Whether the fast path's memory suffices for batches of `tokens`. */
export const sparseFits = (config: TrainConfig, tokens: number): boolean => arenaFits(layout(config, tokens));

/** A new memory for batches of `tokens`, with the kept arrays of an older one. */
export function sparseArena(config: TrainConfig, tokens: number, older?: SparseArena): SparseArena {
  const arena = openArena(layout(config, tokens));
  arena.f32['params.bEnc'].fill(NEVER, config.n);
  if (older)
    for (const group of GROUPS)
      for (const name of KEPT) arena.f32[`${group}.${name}`].set(older.f32[`${group}.${name}`]);
  for (let t = 0; t < tokens; t += 1) arena.u32.tokenIndex[t] = t;
  return arena;
}

/** Copies a state into the memory, the encoder `[d,n]` turned to one row a feature. */
export function fill(arena: SparseArena, config: TrainConfig, state: TrainState): void {
  const { d, n } = config;
  const { width } = padded(config);
  for (const group of GROUPS) {
    const { wEnc, wDec, bEnc, bDec } = state[group];
    const [enc, dec] = [arena.f32[`${group}.wEnc`], arena.f32[`${group}.wDec`]];
    for (let i = 0; i < n; i += 1)
      for (let j = 0; j < d; j += 1) {
        enc[i * width + j] = wEnc![j * n + i]!;
        dec[i * width + j] = wDec![i * d + j]!;
      }
    arena.f32[`${group}.bEnc`].set(bEnc!);
    arena.f32[`${group}.bDec`].set(bDec!);
  }
}

/** The reverse of `fill`, as copies. */
export function readBack(arena: SparseArena, config: TrainConfig): Record<(typeof GROUPS)[number], Parameters> {
  const { d, n } = config;
  const { width } = padded(config);
  const part = (group: (typeof GROUPS)[number]): Parameters => {
    const [wEnc, wDec] = [new Float32Array(d * n), new Float32Array(n * d)];
    const [enc, dec] = [arena.f32[`${group}.wEnc`], arena.f32[`${group}.wDec`]];
    for (let i = 0; i < n; i += 1)
      for (let j = 0; j < d; j += 1) {
        wEnc[j * n + i] = enc[i * width + j]!;
        wDec[i * d + j] = dec[i * width + j]!;
      }
    return {
      ...{ wEnc, bEnc: arena.f32[`${group}.bEnc`].slice(0, n) },
      ...{ wDec, bDec: arena.f32[`${group}.bDec`].slice(0, d) },
    };
  };
  return { params: part('params'), m: part('m'), v: part('v') };
}
