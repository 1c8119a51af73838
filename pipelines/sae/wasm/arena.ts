import { ParallaxError } from '#pipelines/config/errors.ts';

/** A WebAssembly memory holds at most 4 GiB. */
const LIMIT = 65_536;
const PAGE = 65_536;

/** Arrays at fixed places of one memory, so that kernels and ONNX Runtime, on whatever thread, read and write the same bytes. */
export interface Arena<K extends string> {
  readonly memory: WebAssembly.Memory;
  /** Byte address of each array. */
  readonly at: Readonly<Record<K, number>>;
  readonly f32: Readonly<Record<K, Float32Array>>;
  readonly u32: Readonly<Record<K, Uint32Array>>;
}

/** Bytes that arrays of these lengths (4-byte elements) take. */
export const arenaBytes = (lengths: Readonly<Record<string, number>>): number =>
  Object.values(lengths).reduce((sum, length) => sum + Math.ceil(length / 16) * 64, 64);

export const arenaFits = (lengths: Readonly<Record<string, number>>): boolean => arenaBytes(lengths) <= LIMIT * PAGE;

/** Lays out arrays, 64-byte aligned, in a new memory of zeros or in one that another thread laid out alike. Throws where they exceed it. */
export function openArena<K extends string>(
  lengths: Readonly<Record<K, number>>,
  shared?: WebAssembly.Memory,
): Arena<K> {
  if (!arenaFits(lengths))
    throw new ParallaxError(
      `dictionary: training needs ${(arenaBytes(lengths) / 2 ** 30).toFixed(1)} GiB in one memory, 4 GiB is the limit`,
      'choose fewer features or a smaller batch',
    );
  const pages = Math.ceil(arenaBytes(lengths) / PAGE);
  const memory = shared ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const at = {} as Record<K, number>;
  const f32 = {} as Record<K, Float32Array>;
  const u32 = {} as Record<K, Uint32Array>;
  let next = 64;
  for (const [name, length] of Object.entries(lengths) as [K, number][]) {
    at[name] = next;
    f32[name] = new Float32Array(memory.buffer, next, length);
    u32[name] = new Uint32Array(memory.buffer, next, length);
    next += Math.ceil(length / 16) * 64;
  }
  return { memory, at, f32, u32 };
}
