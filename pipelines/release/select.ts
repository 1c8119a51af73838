import { type ColumnData, columnValue, MISSING } from './columns.ts';
import { ReleaseError } from './errors.ts';
import type { ReleaseReader } from './reader.ts';
import { Bits } from './search/bits.ts';
import { TopK } from './top-k.ts';

/** Keeps features whose scalar lies in `min..max` (both included) or is one of `values`. Features without a value drop out. */
export interface Filter {
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly number[];
}

export interface Selection {
  readonly filters: readonly Filter[];
  /** Scalar to order by; null = by layer and index. Features without a value come last. */
  readonly sort: string | null;
  readonly descending: boolean;
}

/** Filters and order of a selection, with only the columns at hand that are still needed. */
export interface PreparedSelection {
  readonly count: number;
  /** Features that pass the filters; null when all do. */
  readonly kept: Bits | null;
  /** Negative when `a` comes before `b`. Total: ties are broken by ordinal. */
  compare(a: number, b: number): number;
}

async function need(reader: ReleaseReader, name: string): Promise<ColumnData> {
  const column = await reader.column(name);
  if (!column)
    throw new ReleaseError(
      'argument',
      `${name}: this release has no such scalar`,
      'ask for the columns of the release',
    );
  return column;
}

/** Features of `among` (null: all) whose value passes. A missing float is NaN, and lies in no range. */
function pass({ min, max, values }: Filter, { column, data }: ColumnData, count: number, among: Bits | null): Bits {
  const bits = new Bits(count);
  const [low, high] = [min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY];
  const missing = MISSING[column.type];
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    const value = data[ordinal]!;
    if (!(value >= low && value <= high) || value === missing) continue;
    if ((values && !values.includes(value)) || (among && !among.has(ordinal))) continue;
    bits.add(ordinal);
  }
  return bits;
}

/** Features that pass every filter. One column is held at a time, so that memory does not grow with the filters. */
async function filtered(reader: ReleaseReader, filters: readonly Filter[]): Promise<Bits | null> {
  let kept: Bits | null = null;
  for (const filter of filters) kept = pass(filter, await need(reader, filter.name), reader.count, kept);
  return kept;
}

/** Applies the filters of a selection and loads the column that orders it. */
export async function prepareSelection(
  reader: ReleaseReader,
  { filters, sort, descending }: Selection,
): Promise<PreparedSelection> {
  const kept = await filtered(reader, filters);
  const key = sort === null ? null : await need(reader, sort);
  const sign = descending ? -1 : 1;
  return {
    count: reader.count,
    kept,
    compare: (a, b) => {
      if (!key) return sign * (a - b);
      const [x, y] = [columnValue(key, a), columnValue(key, b)];
      if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
      return sign * (x - y) || a - b;
    },
  };
}

/** Visits every feature of a selection, in order of ordinals. */
function each({ count, kept }: PreparedSelection, visit: (ordinal: number) => void): void {
  if (kept) kept.each(visit);
  else for (let ordinal = 0; ordinal < count; ordinal += 1) visit(ordinal);
}

/**
 * One page of a selection in one pass over it.
 * @param after ordinal of the last feature of the page before, null for the first page
 */
export function selectPage(
  selection: PreparedSelection,
  limit: number,
  after: number | null,
): { total: number; ordinals: number[]; more: boolean } {
  const best = new TopK(limit + 1, (a, b) => selection.compare(a, b));
  each(selection, (ordinal) => {
    if (after === null || selection.compare(ordinal, after) > 0) best.add(ordinal);
  });
  const ordinals = best.sorted();
  const total = selection.kept?.size ?? selection.count;
  return { total, ordinals: ordinals.slice(0, limit), more: ordinals.length > limit };
}

/** Every ordinal of a selection, in order. */
export function selectAll(selection: PreparedSelection): number[] {
  const all: number[] = [];
  each(selection, (ordinal) => all.push(ordinal));
  return all.sort((a, b) => selection.compare(a, b));
}
