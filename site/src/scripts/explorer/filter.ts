import { type ColumnData, columnValue } from '#release/columns.ts';

/** One byte a feature: 1 where it is kept. */
export type Mask = Uint8Array;

export const size = (mask: Mask): number => {
  let total = 0;
  for (const bit of mask) total += bit;
  return total;
};

/** All ordinals in the order of a column, features without a value last; ties by ordinal. */
export function orderBy(column: ColumnData, descending: boolean): Uint32Array {
  const values = Float64Array.from(column.data, (_, i) => columnValue(column, i) ?? Number.NaN);
  const order = Uint32Array.from(values, (_, i) => i);
  const sign = descending ? -1 : 1;
  return order.sort((a, b) => {
    const [x, y] = [values[a] as number, values[b] as number];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}

/** The first ordinals of an order that a mask keeps, from a place in that order on; `next` is the place to go on from. */
export function pick(order: Uint32Array, mask: Mask, from: number, most: number): { ordinals: number[]; next: number } {
  const ordinals: number[] = [];
  let next = from;
  for (; next < order.length && ordinals.length < most; next += 1)
    if (mask[order[next] as number] === 1) ordinals.push(order[next] as number);
  return { ordinals, next };
}

/** Bin of every value among equal bins over `[low, high]`; the bin after the last one where there is no value. */
export function binOf(column: ColumnData, low: number, high: number, bins: number): Uint8Array {
  const scale = high > low ? bins / (high - low) : 0;
  const { data } = column;
  const place = new Uint8Array(data.length).fill(bins);
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i] as number;
    if (value >= low && value <= high) place[i] = Math.min(bins - 1, Math.floor((value - low) * scale));
  }
  return place;
}
