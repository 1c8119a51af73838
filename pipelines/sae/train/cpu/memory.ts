import { type Arena, arenaFits, openArena } from '../../wasm/arena.ts';
import { LANE } from '../../wasm/kernels.ts';
import type { TrainConfig } from '../config.ts';
import type { Parameters, TrainState } from '../state.ts';

const up = (value: number, to: number) => Math.ceil(value / to) * to;

/** Padded sizes: rows of `width` floats, `count` features. Padding stays zero, or is never chosen. */
export interface Padded {
  readonly width: number;
  readonly count: number;
}
export const padded = ({ d, n }: Pick<TrainConfig, 'd' | 'n'>): Padded => ({ width: up(d, LANE), count: up(n, LANE) });

/** Most floats of `[T, block]`, and features in it: ONNX Runtime's binding copies every output, cheap while that stays in the cache. */
const BLOCK_ENTRIES = 2 ** 21;
const BLOCK_FEATURES = 4096;

const blockWidth = (tokens: number, count: number): number =>
  Math.min(count, BLOCK_FEATURES, Math.max(LANE, Math.floor(BLOCK_ENTRIES / tokens / LANE) * LANE));

/** Features `[from, from + length)` whose columns of a `[tokens, count]` array lie together, as `[tokens, length]`, at `offset`. */
export interface Block {
  readonly from: number;
  readonly length: number;
  /** In floats. */
  readonly offset: number;
}

export function blocksOf(tokens: number, count: number): Block[] {
  const block = blockWidth(tokens, count);
  return Array.from({ length: Math.ceil(count / block) }, (_, b) => ({
    from: b * block,
    length: Math.min(block, count - b * block),
    offset: tokens * b * block,
  }));
}

/** A bias that keeps a feature that does not exist from being chosen. */
export const NEVER = -3e38;

/** Of ReLU and JumpReLU, a batch with more than this share of entries is computed densely. */
const SPARSE_SHARE = 1 / 16;

/** Kept from step to step: encoder and decoder by feature, one row each, with Adam's moments. */
const KEPT = ['wEnc', 'wDec', 'bEnc', 'bDec', 'logThreshold'] as const;
const GROUPS = ['params', 'm', 'v'] as const;
type KeptName = `${(typeof GROUPS)[number]}.${(typeof KEPT)[number]}`;

/** `[width]` or `[count]` each: gradients of one feature, of the biases, of thresholds; sums over tokens by feature. */
const SMALL_ROWS = ['zero', 'gDec', 'gEnc', 'gBDec'] as const;
const SMALL_COLUMNS = [
  'gBEnc',
  'gThreshold',
  'limits',
  'theta',
  'shift',
  'auxBias',
  'mass',
  'fired',
  'slopes',
  'near',
] as const;
/** `[T, width]` each. */
const TOKEN_ROWS = ['base', 'y', 'error', 'left', 'partial', 'pull'] as const;
/** `[T, count]` in blocks of features (`blocksOf`), the second for the dense way only. */
const TOKEN_COLUMNS = ['z', 'f'] as const;
/** One block of features, for the dense way: `[T, block]`, and gradients `[block, width]`. */
const BLOCK_ARRAYS = ['df', 'gDecBlock', 'gEncBlock'] as const;
const LISTS = ['main', 'aux'] as const;
export type ListName = (typeof LISTS)[number];
/** By entry, before and after the choice. */
const ROW_ARRAYS = ['rowIndex', 'rowValue'] as const;
const COLUMN_ARRAYS = ['colToken', 'colValue', 'colWeight', 'colSlope', 'colNear'] as const;

export type ArrayName =
  | KeptName
  | (typeof SMALL_ROWS | typeof SMALL_COLUMNS | typeof TOKEN_ROWS | typeof TOKEN_COLUMNS | typeof BLOCK_ARRAYS)[number]
  | ('scratch' | 'tokenIndex' | 'tokenWeight')
  | `${ListName}.${(typeof ROW_ARRAYS | typeof COLUMN_ARRAYS)[number] | 'rowOffsets' | 'colOffsets'}`;
export type CpuArena = Arena<ArrayName>;

export const isDense = ({ activation }: Pick<TrainConfig, 'activation'>): boolean =>
  activation === 'relu' || activation === 'jumprelu';

/** Entries that the main list holds of a batch of ReLU or JumpReLU. */
export const entryLimit = (tokens: number, count: number): number => Math.floor(tokens * count * SPARSE_SHARE);

/** Entries of the two lists in a batch of `tokens`: in the row arrays, and after the choice. */
function entryCounts(config: TrainConfig, tokens: number, count: number) {
  const { activation, k = 0, loss } = config;
  const chosen = isDense(config) ? entryLimit(tokens, count) : Math.ceil(k * tokens);
  const slack = isDense(config) ? count : 0;
  const auxK = loss.aux ? Math.min(loss.aux.k, config.n) : 0;
  return {
    main: { rows: activation === 'batchtopk' ? tokens * count : chosen + slack, columns: chosen },
    aux: { rows: auxK * tokens, columns: auxK * tokens },
  };
}

/** Lengths of all arrays for batches of at most `tokens`. */
function layout(config: TrainConfig, tokens: number): Record<ArrayName, number> {
  const { width, count } = padded(config);
  const kept = { wEnc: count * width, wDec: count * width, bEnc: count, bDec: width, logThreshold: count };
  const lengths: Record<string, number> = { scratch: LANE, tokenIndex: tokens, tokenWeight: tokens };
  for (const group of GROUPS) for (const name of KEPT) lengths[`${group}.${name}`] = kept[name];
  for (const name of SMALL_ROWS) lengths[name] = width;
  for (const name of SMALL_COLUMNS) lengths[name] = count;
  for (const name of TOKEN_ROWS) lengths[name] = tokens * width;
  for (const name of TOKEN_COLUMNS) lengths[name] = name === 'z' || isDense(config) ? tokens * count : 0;
  const dense = Number(isDense(config));
  lengths['df'] = dense * Math.min(tokens * count, Math.max(BLOCK_ENTRIES, tokens * LANE));
  for (const name of ['gDecBlock', 'gEncBlock']) lengths[name] = dense * Math.min(count, BLOCK_FEATURES) * width;
  for (const [list, { rows, columns }] of Object.entries(entryCounts(config, tokens, count))) {
    for (const name of ROW_ARRAYS) lengths[`${list}.${name}`] = rows;
    for (const name of COLUMN_ARRAYS) lengths[`${list}.${name}`] = columns;
    lengths[`${list}.rowOffsets`] = tokens + 1;
    lengths[`${list}.colOffsets`] = count + 1;
  }
  return lengths as Record<ArrayName, number>;
}

/** Whether one memory suffices for batches of `tokens`. */
export const cpuFits = (config: TrainConfig, tokens: number): boolean => arenaFits(layout(config, tokens));

/** A new memory for batches of `tokens`, with the kept arrays of an older one. */
export function cpuArena(config: TrainConfig, tokens: number, older?: CpuArena): CpuArena {
  const arena = openArena(layout(config, tokens));
  arena.f32['params.bEnc'].fill(NEVER, config.n);
  if (older)
    for (const group of GROUPS)
      for (const name of KEPT) arena.f32[`${group}.${name}`].set(older.f32[`${group}.${name}`]);
  for (let t = 0; t < tokens; t += 1) arena.u32.tokenIndex[t] = t;
  return arena;
}

/** Copies a state into the memory, the encoder `[d,n]` turned to one row a feature. */
export function fill(arena: CpuArena, config: TrainConfig, state: TrainState): void {
  const { d, n } = config;
  const { width } = padded(config);
  for (const group of GROUPS) {
    const { wEnc, wDec, bEnc, bDec, logThreshold } = state[group];
    const [enc, dec] = [arena.f32[`${group}.wEnc`], arena.f32[`${group}.wDec`]];
    for (let i = 0; i < n; i += 1)
      for (let j = 0; j < d; j += 1) {
        enc[i * width + j] = wEnc![j * n + i]!;
        dec[i * width + j] = wDec![i * d + j]!;
      }
    arena.f32[`${group}.bEnc`].set(bEnc!);
    arena.f32[`${group}.bDec`].set(bDec!);
    if (logThreshold) arena.f32[`${group}.logThreshold`].set(logThreshold);
  }
}

/** The reverse of `fill`, as copies. */
export function readBack(arena: CpuArena, config: TrainConfig): Record<(typeof GROUPS)[number], Parameters> {
  const { d, n, activation } = config;
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
      ...(activation === 'jumprelu' ? { logThreshold: arena.f32[`${group}.logThreshold`].slice(0, n) } : {}),
    };
  };
  return { params: part('params'), m: part('m'), v: part('v') };
}
