import type { Kernels } from '../wasm/kernels.ts';
import { type EntryArrays, nthLargest } from './columns.ts';

/** What the choosers read and write: addresses in the kernels' memory, and views of the same arrays. */
export interface Choosing extends EntryArrays {
  readonly kernels: Kernels;
  /** Addresses: `z [T,n]`, `bias [n]`, `limits [n]`, and the entries by row. */
  readonly at: {
    readonly z: number;
    readonly bias: number;
    readonly limits: number;
    readonly rowValue: number;
    readonly rowIndex: number;
  };
  readonly limits: Float32Array;
  readonly n: number;
}

/** ReLU of the `k` largest of each row. Non-positive entries are dropped, as no gradient passes through them. */
export function chooseTopK(c: Choosing, tokens: number, k: number): void {
  const { kernels, at, rowIndex, rowValue, rowOffsets, n } = c;
  let length = 0;
  rowOffsets[0] = 0;
  for (let t = 0; t < tokens; t += 1) {
    kernels.select(at.z + 4 * t * n, at.bias, n, k, at.rowValue + 4 * length, at.rowIndex + 4 * length);
    const end = length + k;
    for (let e = length; e < end; e += 1) {
      if (!(rowValue[e]! > 0)) continue;
      rowValue[length] = rowValue[e]!;
      rowIndex[length] = rowIndex[e]!;
      length += 1;
    }
    rowOffsets[t + 1] = length;
  }
}

/** Entries above `limit`, row by row; gives their number. */
function collectAbove(c: Choosing, tokens: number, limit: number): number {
  const { kernels, at, rowOffsets, n } = c;
  c.limits.fill(limit);
  let length = 0;
  rowOffsets[0] = 0;
  for (let t = 0; t < tokens; t += 1) {
    const [values, indices] = [at.rowValue + 4 * length, at.rowIndex + 4 * length];
    length += kernels.collect(at.z + 4 * t * n, at.bias, at.limits, n, values, indices);
    rowOffsets[t + 1] = length;
  }
  return length;
}

/**
 * ReLU of the `entries` largest of all rows together; of equal ones the earlier. `guess` is where the last batch's smallest lay: it
 * spares work and does not change the result. Gives the smallest kept, the next guess. The row arrays hold all of `[T,n]`.
 */
export function chooseBatchTopK(c: Choosing, tokens: number, entries: number, guess: number): number {
  const { rowIndex, rowValue, rowOffsets } = c;
  let limit = guess;
  let length = collectAbove(c, tokens, limit);
  while (length < entries && limit > 0) {
    limit = limit > 1e-3 ? limit / 2 : 0;
    length = collectAbove(c, tokens, limit);
  }
  if (length <= entries) return limit;
  const least = nthLargest(rowValue, length, entries);
  let above = 0;
  for (let e = 0; e < length; e += 1) if (rowValue[e]! > least) above += 1;
  let ties = entries - above;
  let kept = 0;
  let from = 0;
  for (let t = 0; t < tokens; t += 1) {
    const to = rowOffsets[t + 1]!;
    for (let e = from; e < to; e += 1) {
      const value = rowValue[e]!;
      if (value < least || (value === least && ties-- <= 0)) continue;
      rowValue[kept] = value;
      rowIndex[kept] = rowIndex[e]!;
      kept += 1;
    }
    from = to;
    rowOffsets[t + 1] = kept;
  }
  return least;
}
