import { nthLargest, sortByColumn } from './columns.ts';
import { blocksOf, type ListName } from './memory.ts';
import type { Work } from './work.ts';

/** Views and addresses of one of the two lists of entries. */
export function listOf({ arena, kernels, count }: Work, name: ListName) {
  const { at, f32, u32 } = arena;
  return {
    kernels,
    count,
    limits: f32.limits,
    at: {
      ...{ z: at.z, bias: at[name === 'main' ? 'params.bEnc' : 'auxBias'], limits: at.limits },
      ...{ rowValue: at[`${name}.rowValue`], rowIndex: at[`${name}.rowIndex`] },
    },
    ...{ rowIndex: u32[`${name}.rowIndex`], rowValue: f32[`${name}.rowValue`], rowOffsets: u32[`${name}.rowOffsets`] },
    ...{ colToken: u32[`${name}.colToken`], colValue: f32[`${name}.colValue`], colOffsets: u32[`${name}.colOffsets`] },
  };
}

/** ReLU of the `k` largest of each row. Non-positive entries are dropped, as no gradient passes through them. */
export function chooseTopK(work: Work, name: ListName, tokens: number, k: number): void {
  const list = listOf(work, name);
  const { kernels, at, rowIndex, rowValue, rowOffsets, count } = list;
  const blocks = blocksOf(tokens, count);
  let length = 0;
  rowOffsets[0] = 0;
  for (let t = 0; t < tokens; t += 1) {
    const [values, indices] = [at.rowValue + 4 * length, at.rowIndex + 4 * length];
    for (const { from, length: n, offset } of blocks)
      kernels.select(at.z + 4 * (offset + t * n), at.bias + 4 * from, n, from, k, values, indices);
    const end = length + k;
    for (let e = length; e < end; e += 1) {
      if (!(rowValue[e]! > 0)) continue;
      rowValue[length] = rowValue[e]!;
      rowIndex[length] = rowIndex[e]!;
      length += 1;
    }
    rowOffsets[t + 1] = length;
  }
  sortByColumn(list, tokens, count);
}

/** Entries above `limits`, row by row; gives their number. */
function collectAbove(work: Work, tokens: number): number {
  const { kernels, at, rowOffsets, count } = listOf(work, 'main');
  const blocks = blocksOf(tokens, count);
  let length = 0;
  rowOffsets[0] = 0;
  for (let t = 0; t < tokens; t += 1) {
    for (const { from, length: n, offset } of blocks) {
      const [z, bias, limits] = [at.z + 4 * (offset + t * n), at.bias + 4 * from, at.limits + 4 * from];
      length += kernels.collect(z, bias, limits, n, from, at.rowValue + 4 * length, at.rowIndex + 4 * length);
    }
    rowOffsets[t + 1] = length;
  }
  return length;
}

/** Entries that may matter to ReLU or JumpReLU: those above `limits`, no more than `entryLimit`. */
export function chooseAbove(work: Work, tokens: number): void {
  collectAbove(work, tokens);
  sortByColumn(listOf(work, 'main'), tokens, work.count);
}

/**
 * ReLU of the `entries` largest of all rows together; of equal ones the earlier. `guess` is where the last batch's smallest lay: it
 * spares work and does not change the result. Gives the smallest kept, the next guess. The row arrays hold all of `[T,n]`.
 */
export function chooseBatchTopK(work: Work, tokens: number, entries: number, guess: number): number {
  const list = listOf(work, 'main');
  const { rowIndex, rowValue, rowOffsets, limits, count } = list;
  const collect = (limit: number): number => {
    limits.fill(limit);
    return collectAbove(work, tokens);
  };
  let limit = guess;
  let length = collect(limit);
  while (length < entries && limit > 0) {
    limit = limit > 1e-3 ? limit / 2 : 0;
    length = collect(limit);
  }
  let least = limit;
  if (length > entries) {
    least = nthLargest(rowValue, length, entries);
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
  }
  sortByColumn(list, tokens, count);
  return least;
}
