import { type ColumnData, columnValue } from './columns.ts';
import type { ReleaseReader } from './reader.ts';

/** Values of one scalar in one layer, counted in bins of equal width; the last bin holds its upper edge. */
export interface LayerHistogram {
  readonly layer: number;
  readonly n: number;
  readonly missing: number;
  readonly counts: number[];
  readonly min: number | null;
  readonly q25: number | null;
  readonly median: number | null;
  readonly q75: number | null;
  readonly max: number | null;
}

/** Quantile of ascending values by linear interpolation (R type 7). */
export function quantile(sorted: ArrayLike<number>, p: number): number | null {
  if (sorted.length === 0) return null;
  const at = p * (sorted.length - 1);
  const [low, part] = [Math.floor(at), at - Math.floor(at)];
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + part * (b - a);
}

/** Values of a layer in order of the feature index, null where there is none. */
export function layerValues(reader: ReleaseReader, column: ColumnData, layer: number): (number | null)[] {
  const from = reader.ordinal(layer, 0);
  return from === null
    ? []
    : Array.from({ length: reader.manifest.features_per_layer }, (_, i) => columnValue(column, from + i));
}

/** `bins + 1` edges over the column's whole range, the same for every layer. */
export function histogramEdges(column: ColumnData, bins: number): number[] {
  const [low, high] = [column.column.min ?? 0, column.column.max ?? 1];
  const width = high > low ? (high - low) / bins : 1 / bins;
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins && high > low ? high : low + i * width));
}

export function layerHistogram(
  reader: ReleaseReader,
  column: ColumnData,
  layer: number,
  edges: readonly number[],
): LayerHistogram {
  const all = layerValues(reader, column, layer);
  const sorted = Float64Array.from(all.filter((v) => v !== null)).sort();
  const bins = edges.length - 1;
  const [low, high] = [edges[0]!, edges[bins]!];
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]! += 1;
  return {
    layer,
    n: sorted.length,
    missing: all.length - sorted.length,
    counts,
    min: sorted[0] ?? null,
    q25: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q75: quantile(sorted, 0.75),
    max: sorted.at(-1) ?? null,
  };
}
