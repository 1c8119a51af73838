/** Where entries of a sparse `[T,n]` lie, both by row and by column. Arrays may be longer than what is used. */
export interface EntryArrays {
  readonly rowIndex: Uint32Array;
  readonly rowValue: Float32Array;
  /** `[T + 1]` */
  readonly rowOffsets: Uint32Array;
  readonly colToken: Uint32Array;
  readonly colValue: Float32Array;
  /** `[n + 1]` */
  readonly colOffsets: Uint32Array;
}

/** Fills the columns from the rows by a counting sort: within a column, tokens ascend. */
export function sortByColumn(e: EntryArrays, tokens: number, n: number): void {
  const { rowIndex, rowValue, rowOffsets, colToken, colValue, colOffsets } = e;
  const entries = rowOffsets[tokens]!;
  colOffsets.fill(0, 0, n + 1);
  for (let i = 0; i < entries; i += 1) colOffsets[rowIndex[i]!]! += 1;
  let start = 0;
  for (let i = 0; i <= n; i += 1) {
    const count = i < n ? colOffsets[i]! : 0;
    colOffsets[i] = start;
    start += count;
  }
  for (let t = 0; t < tokens; t += 1)
    for (let i = rowOffsets[t]!; i < rowOffsets[t + 1]!; i += 1) {
      const slot = colOffsets[rowIndex[i]!]!;
      colOffsets[rowIndex[i]!] = slot + 1;
      colToken[slot] = t;
      colValue[slot] = rowValue[i]!;
    }
  colOffsets.copyWithin(1, 0, n);
  colOffsets[0] = 0;
}

/** The `count`-th largest of the first `length` values (quickselect on a copy); of a zero the positive one. */
export function nthLargest(values: Float32Array, length: number, count: number): number {
  const v = values.slice(0, length);
  let [low, high] = [0, length - 1];
  const target = count - 1;
  while (low < high) {
    const pivot = v[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (v[i]! > pivot) i += 1;
      while (v[j]! < pivot) j -= 1;
      if (i > j) break;
      const held = v[i]!;
      v[i] = v[j]!;
      v[j] = held;
      i += 1;
      j -= 1;
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  return v[target]! + 0;
}
