import { type ColumnData, columnValue } from '#release/columns.ts';
import type { ExplorerState } from './state.ts';

/** One byte a feature: 1 where it is kept. */
export type Mask = Uint8Array;

export const size = (mask: Mask): number => {
  let total = 0;
  for (const bit of mask) total += bit;
  return total;
};

/**
 * Features inside every range, with every flag, and among the search's hits. A feature without a value (NaN) is outside a range.
 * @param columns floats, NaN where a value is missing
 * @param skip a column whose range is left out: its own histogram shows what the others keep
 */
export function keep(
  count: number,
  columns: ReadonlyMap<string, ColumnData>,
  state: Pick<ExplorerState, 'ranges' | 'flags'>,
  hits: Mask | null,
  skip?: string,
): Mask {
  const mask = new Uint8Array(count).fill(1);
  if (hits) for (let i = 0; i < count; i += 1) mask[i] = hits[i] as number;
  const ranges: [string, number, number][] = [
    ...[...state.ranges].map(([name, [low, high]]): [string, number, number] => [name, low, high]),
    ...state.flags.map((name): [string, number, number] => [name, 1, 1]),
  ];
  for (const [name, low, high] of ranges) {
    const column = columns.get(name);
    if (column === undefined || name === skip) continue;
    const { data } = column;
    // NaN, a missing value, fails both comparisons.
    for (let i = 0; i < count; i += 1) if (!((data[i] as number) >= low && (data[i] as number) <= high)) mask[i] = 0;
  }
  return mask;
}

/** Ordinals of a mask in the order of a column (or of `rank`), features without a value last; ties by ordinal. */
export function sorted(mask: Mask, column: ColumnData | null, rank: Uint32Array, descending: boolean): number[] {
  const kept: number[] = [];
  if (column === null) {
    for (const ordinal of rank) if (mask[ordinal] === 1) kept.push(ordinal);
    return descending ? kept.reverse() : kept;
  }
  for (let i = 0; i < mask.length; i += 1) if (mask[i] === 1) kept.push(i);
  const sign = descending ? -1 : 1;
  const values = kept.map((ordinal) => columnValue(column, ordinal));
  const order = kept.map((_, i) => i);
  order.sort((a, b) => {
    const [x, y] = [values[a] as number | null, values[b] as number | null];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
    return sign * (x - y) || a - b;
  });
  return order.map((i) => kept[i] as number);
}

/** Counts of a mask's values (of all values without one) in equal bins over `[low, high]`. */
export function binned(mask: Mask | null, column: ColumnData, low: number, high: number, bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  const scale = high > low ? bins / (high - low) : 0;
  const { data } = column;
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i] as number;
    if ((mask === null || mask[i] === 1) && value >= low && value <= high)
      counts[Math.min(bins - 1, Math.floor((value - low) * scale))]! += 1;
  }
  return counts;
}
