import { ParallaxError } from '#pipelines/config/errors.ts';
import { type Table, type TableStatistics, tableStatistics } from '#pipelines/diff/statistics/index.ts';
import type { Firing } from './firing.ts';

/** The 2x2 table of one feature with its statistics. */
export type FeatureTable = Table & TableStatistics;

/** One table a feature: samples fired and not under the spatial prompts, against the matched ones. */
export function firingTables(spatial: Firing, matched: Firing): FeatureTable[] {
  for (const [stream, { samples }] of [
    ['spatial', spatial],
    ['matched', matched],
  ] as const)
    if (samples === 0)
      throw new ParallaxError(`${stream}: no sample has text tokens`, 'use more samples, or fewer splits of them');
  const known = new Map<number, FeatureTable>();
  return Array.from(spatial.fired, (a, i) => {
    const c = matched.fired[i]!;
    const key = a * (matched.samples + 1) + c;
    const seen = known.get(key);
    if (seen) return seen;
    const table = { a, b: spatial.samples - a, c, d: matched.samples - c };
    const full = { ...table, ...tableStatistics(table) };
    known.set(key, full);
    return full;
  });
}
