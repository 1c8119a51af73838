import { type Kernels, openKernels } from '../../wasm/kernels.ts';
import type { TrainConfig } from '../config.ts';
import { type CpuArena, cpuArena, cpuArenaOf, type ListName, ownOf, padded } from './memory.ts';

/** Memory and kernels of one member of an engine, with the sizes that they are laid out for. */
export interface Work {
  readonly config: TrainConfig;
  readonly arena: CpuArena;
  /** Arrays that no other member touches. */
  readonly own: ReturnType<typeof ownOf>;
  readonly kernels: Kernels;
  readonly width: number;
  readonly count: number;
}

const workOn = (config: TrainConfig, arena: CpuArena, member: number): Work => ({
  ...{ config, arena, own: ownOf(arena, member), kernels: openKernels(arena.memory) },
  ...padded(config),
});

/** A memory for batches of `tokens`, with what an older one keeps; the work of its first member. */
export const openWork = (config: TrainConfig, tokens: number, older?: Work): Work =>
  workOn(config, cpuArena(config, tokens, older?.arena), 0);

/** The work of another member, on the memory of the first. */
export const joinWork = (config: TrainConfig, tokens: number, memory: WebAssembly.Memory, member: number): Work =>
  workOn(config, cpuArenaOf(config, tokens, memory), member);

/** Of tokens `[from, to)` of `x`: `base = u - bDec` and the encoder's input `y`, both `[T,width]`. */
export function readTokens({ arena, config, width }: Work, from: number, to: number): void {
  const { d, scale, applyBDec } = config;
  const { x, base, y } = arena.f32;
  const bDec = arena.f32['params.bDec'];
  for (let t = from; t < to; t += 1)
    for (let j = 0; j < d; j += 1) {
      const u = x[t * d + j]! * scale;
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
