import { type Kernels, openKernels } from '../../wasm/kernels.ts';
import type { TrainConfig } from '../config.ts';
import { type CpuArena, cpuArena, type ListName, padded } from './memory.ts';

/** Memory and kernels of an engine, with the sizes that they are laid out for. */
export interface Work {
  readonly config: TrainConfig;
  readonly arena: CpuArena;
  readonly kernels: Kernels;
  readonly width: number;
  readonly count: number;
}

/** A memory for batches of `tokens`, with what an older one keeps. */
export function openWork(config: TrainConfig, tokens: number, older?: Work): Work {
  const arena = cpuArena(config, tokens, older?.arena);
  return { config, arena, kernels: openKernels(arena.memory), ...padded(config) };
}

/** `base = u - bDec` and the encoder's input `y`, both `[T,width]`. */
export function readTokens({ arena, config, width }: Work, x: Float32Array): void {
  const { d, scale, applyBDec } = config;
  const { base, y } = arena.f32;
  const bDec = arena.f32['params.bDec'];
  for (let t = 0, from = 0; from < x.length; t += 1, from += d)
    for (let j = 0; j < d; j += 1) {
      const u = x[from + j]! * scale;
      base[t * width + j] = u - bDec[j]!;
      y[t * width + j] = applyBDec ? u - bDec[j]! : u;
    }
}

/** `error = base - f wDec` (main), `left = error - f wDec` (aux), row by row; gives the sum of squares. */
export function subtractDecoded({ arena, kernels, width }: Work, name: ListName, tokens: number): number {
  const { at, u32 } = arena;
  const offsets = u32[`${name}.rowOffsets`];
  const [start, out] = name === 'main' ? [at.base, at.error] : [at.error, at.left];
  let squares = 0;
  for (let t = 0; t < tokens; t += 1) {
    const from = 4 * offsets[t]!;
    const entries = offsets[t + 1]! - offsets[t]!;
    const [index, value] = [at[`${name}.rowIndex`] + from, at[`${name}.rowValue`] + from];
    const row = 4 * t * width;
    squares += kernels.combine(width, entries, index, value, at['params.wDec'], start + row, out + row, -1);
  }
  return squares;
}
