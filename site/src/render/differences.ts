import { type ColumnData, columnValue } from '#release/columns.ts';
import type { Manifest } from '#release/schema/index.ts';

/** A release as far as its numbers by feature go. */
export interface Columns {
  readonly manifest: Pick<Manifest, 'layers' | 'features_per_layer'>;
  readonly columns: ReadonlyMap<string, ColumnData>;
}

/** One feature index in two releases: its ordinals there. */
export interface SharedIndex {
  readonly layer: number;
  readonly index: number;
  readonly a: number;
  readonly b: number;
}

/** Feature indices that both releases have, in order. */
export function sharedIndices(a: Columns['manifest'], b: Columns['manifest']): SharedIndex[] {
  const per = Math.min(a.features_per_layer, b.features_per_layer);
  return a.layers.flatMap((layer, place) => {
    const other = b.layers.indexOf(layer);
    if (other < 0) return [];
    return Array.from({ length: per }, (_, index) => ({
      layer,
      index,
      a: place * a.features_per_layer + index,
      b: other * b.features_per_layer + index,
    }));
  });
}

const valueAt = (of: Columns, name: string, ordinal: number): number | null => {
  const data = of.columns.get(name);
  return data === undefined ? null : columnValue(data, ordinal);
};

/** How two releases agree on a flag; null where one of them has not the column. */
export interface Agreement {
  readonly both: number;
  readonly onlyA: readonly SharedIndex[];
  readonly onlyB: readonly SharedIndex[];
  /** Jaccard index; 1 where neither flags anything. */
  readonly jaccard: number;
}

export function agreement(a: Columns, b: Columns, shared: readonly SharedIndex[], flag: string): Agreement | null {
  if (!a.columns.has(flag) || !b.columns.has(flag)) return null;
  const is = (of: Columns, ordinal: number): boolean => valueAt(of, flag, ordinal) === 1;
  const both = shared.filter((at) => is(a, at.a) && is(b, at.b)).length;
  const onlyA = shared.filter((at) => is(a, at.a) && !is(b, at.b));
  const onlyB = shared.filter((at) => !is(a, at.a) && is(b, at.b));
  const either = both + onlyA.length + onlyB.length;
  return { both, onlyA, onlyB, jaccard: either === 0 ? 1 : both / either };
}

/** One index whose value differs. */
export interface Change extends SharedIndex {
  readonly from: number;
  readonly to: number;
}

/** Indices whose value of a column differs most, largest difference first; ties in order. Missing values are left out. */
export function largestChanges(
  a: Columns,
  b: Columns,
  shared: readonly SharedIndex[],
  name: string,
  most: number,
): Change[] {
  const changes = shared.flatMap((at): Change[] => {
    const [from, to] = [valueAt(a, name, at.a), valueAt(b, name, at.b)];
    return from === null || to === null || from === to ? [] : [{ ...at, from, to }];
  });
  return changes.sort((x, y) => Math.abs(y.to - y.from) - Math.abs(x.to - x.from)).slice(0, most);
}
