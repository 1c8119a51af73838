import { BANDWIDTH } from '../config.ts';
import type { Work } from './work.ts';

export const bandwidthOf = ({ config }: Work): number => config.loss.l0?.bandwidth ?? BANDWIDTH;

/** `theta = exp(logThreshold)`, and the limit of what a sparse step must look at: the lower edge of the rectangle, 0 for ReLU. */
export function setLimits(work: Work): void {
  const { arena, config, count } = work;
  const { theta, limits } = arena.f32;
  const log = arena.f32['params.logThreshold'];
  if (config.activation !== 'jumprelu') {
    theta.fill(0);
    limits.fill(0);
    return;
  }
  const half = bandwidthOf(work) / 2;
  for (let i = 0; i < count; i += 1) {
    theta[i] = Math.exp(log[i]!);
    limits[i] = theta[i]! - half;
  }
}

/**
 * JumpReLU's entries: `colValue` and `rowValue` become `f`, 0 for those that only lie in the rectangle; `colNear` says which do.
 * Counts the latter by feature in `near`, and gives the number of those that fire.
 */
export function splitEntries(work: Work, tokens: number): number {
  const { arena, config, count } = work;
  const { theta, near, fired } = arena.f32;
  const rowIndex = arena.u32['main.rowIndex'];
  const rowValue = arena.f32['main.rowValue'];
  const [colValue, colNear] = [arena.f32['main.colValue'], arena.f32['main.colNear']];
  const colOffsets = arena.u32['main.colOffsets'];
  const entries = arena.u32['main.rowOffsets'][tokens]!;
  const half = config.activation === 'jumprelu' ? bandwidthOf(work) / 2 : 0;
  const active = (z: number, i: number) => z > 0 && z > theta[i]!;
  for (let e = 0; e < entries; e += 1) if (!active(rowValue[e]!, rowIndex[e]!)) rowValue[e] = 0;
  let total = 0;
  for (let i = 0; i < count; i += 1) {
    near[i] = 0;
    fired[i] = 0;
    for (let e = colOffsets[i]!; e < colOffsets[i + 1]!; e += 1) {
      const z = colValue[e]!;
      colNear[e] = Number(Math.fround(Math.abs(Math.fround(z - theta[i]!))) < Math.fround(half));
      near[i]! += colNear[e]!;
      if (active(z, i)) fired[i]! += 1;
      else colValue[e] = 0;
    }
    total += fired[i]!;
  }
  return total;
}

/** Adam's gradient of `logThreshold` from the sums over the rectangle (golden README: `df/dtheta`, and the count of L0). */
export function thresholdGradient(work: Work, l0: number, tokens: number): void {
  const { arena, config, count } = work;
  const { theta, slopes, near, gThreshold } = arena.f32;
  const { l0: loss } = config.loss;
  const pull = loss ? (2 * loss.coefficient * (l0 / loss.target - 1)) / (loss.target * tokens) : 0;
  const bandwidth = bandwidthOf(work);
  for (let i = 0; i < count; i += 1)
    gThreshold[i] = (-theta[i]! / bandwidth) * (theta[i]! * slopes[i]! + pull * near[i]!);
}
