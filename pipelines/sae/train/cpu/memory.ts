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
const BLOCK_FEATURES = 512;
/** Most threads of an engine, each with a block of its own. */
export const MEMBERS = 8;

const blockWidth = (tokens: number, count: number): number =>
  Math.min(count, BLOCK_FEATURES, Math.max(LANE, Math.floor(BLOCK_ENTRIES / tokens / LANE) * LANE));

/** Features `[from, from + length)` whose columns of a `[tokens, count]` array lie together, as `[tokens, length]`, at `offset`. */
export interface Block {
  readonly from: number;
  readonly length: number;
  /** In floats. */
  readonly offset: number;
}

/** The last block takes what is left, so that none is narrow: a product's rounding may depend on its width where that is below 128. */
export function blocksOf(tokens: number, count: number): Block[] {
  const block = blockWidth(tokens, count);
  const blocks = Math.floor(count / block);
  return Array.from({ length: blocks }, (_, b) => ({
    from: b * block,
    length: b < blocks - 1 ? block : count - b * block,
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
const TOKEN_ROWS = ['base', 'y', 'error', 'left', 'partial', 'pull', 'yTurned', 'pullTurned'] as const;
/** For the dense way, one of each a member: a block of features `[T, block]`, gradients `[block, width]`, tokens by feature `[count]`. */
const OWN_TOKENS = ['df', 'f'] as const;
const OWN_ROWS = ['gDecBlock', 'gEncBlock', 'gTurned'] as const;
const OWN = [...OWN_TOKENS, ...OWN_ROWS, 'firedHere', 'scratch'] as const;
type OwnName = (typeof OWN)[number];
const LISTS = ['main', 'aux'] as const;
export type ListName = (typeof LISTS)[number];
/** By entry, before and after the choice. */
const ROW_ARRAYS = ['rowIndex', 'rowValue'] as const;
const COLUMN_ARRAYS = ['colToken', 'colValue', 'colWeight', 'colSlope', 'colNear'] as const;

export type ArrayName =
  | KeptName
  | (typeof SMALL_ROWS | typeof SMALL_COLUMNS | typeof TOKEN_ROWS)[number]
  | `${OwnName}.${number}`
  | ('x' | 'z' | 'tokenIndex' | 'tokenWeight')
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
  const lengths: Record<string, number> = { tokenIndex: tokens, tokenWeight: tokens, x: tokens * config.d };
  for (const group of GROUPS) for (const name of KEPT) lengths[`${group}.${name}`] = kept[name];
  for (const name of SMALL_ROWS) lengths[name] = width;
  for (const name of SMALL_COLUMNS) lengths[name] = count;
  for (const name of TOKEN_ROWS) lengths[name] = tokens * width;
  // in blocks of features (`blocksOf`)
  lengths['z'] = tokens * count;
  const dense = Number(isDense(config));
  const most = { features: Math.min(count, 2 * BLOCK_FEATURES), entries: 2 * Math.max(BLOCK_ENTRIES, tokens * LANE) };
  for (let member = 0; member < MEMBERS; member += 1) {
    lengths[`scratch.${member}`] = LANE;
    lengths[`firedHere.${member}`] = dense * count;
    for (const name of OWN_TOKENS)
      lengths[`${name}.${member}`] = dense * Math.min(tokens * most.features, most.entries);
    for (const name of OWN_ROWS) lengths[`${name}.${member}`] = dense * most.features * width;
  }
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

/** Where a member's own arrays lie. */
export function ownOf({ at, f32 }: CpuArena, member: number) {
  const own = <T>(of: Readonly<Record<ArrayName, T>>) =>
    Object.fromEntries(OWN.map((name) => [name, of[`${name}.${member}`]])) as Record<OwnName, T>;
  return { at: own(at), f32: own(f32) };
}

/** The arrays of a memory that `cpuArena` laid out, for another thread. */
export const cpuArenaOf = (config: TrainConfig, tokens: number, memory: WebAssembly.Memory): CpuArena =>
  openArena(layout(config, tokens), memory);

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
