import { z } from 'zod';
import { newcombe, type Table, tableStatistics, wilson } from '#pipelines/diff/statistics/index.ts';
import type { Estimate } from '#release/schema/estimate.ts';
import { Controlled } from '#release/schema/estimate.ts';
import { type FiringTable, RelationEffect } from '#release/schema/feature.ts';

/** `spatial.json` of the joining stage. */
export const SpatialFile = z.object({
  layers: z.array(z.int()),
  /** Features of a layer. */
  features: z.int(),
  pictures: z.int(),
  threshold: z.number(),
  confidence: z.number(),
  rules: z.object({ oddsRatio: z.number(), riskDifference: z.number(), q: z.number() }),
  /** Samples with text tokens behind the counts, and all text tokens behind the paper's. */
  samples: z.object({
    select: z.object({ spatial: z.int(), matched: z.int() }),
    heldout: z.object({ spatial: z.int(), matched: z.int(), generic: z.int(), word: z.int().nullable() }),
    tokens: z.object({ spatial: z.int(), matched: z.int() }),
  }),
  /** Spatial features by split, and the mean Jaccard index of the splits' sets. */
  splits: z.object({ spatial: z.array(z.int()), jaccard: z.number().nullable() }),
  /** Evidence of the chosen features (spatial or decoy) that needs the truth of the samples, by feature id. */
  truth: z.record(z.string(), z.object({ relations: z.array(RelationEffect), minimal_pair: Controlled.nullable() })),
});
export type SpatialFile = z.infer<typeof SpatialFile>;

/** A table with its statistics, as the release holds it. */
export function firingTable(table: Table, q: number, confidence: number): FiringTable {
  const { a, b, c, d } = table;
  const t = tableStatistics(table);
  const { low, high } = newcombe(a, a + b, c, c + d, confidence);
  return {
    a,
    b,
    c,
    d,
    odds_ratio: t.oddsRatio,
    risk_difference: { value: t.riskDifference, low, high, n: a + b + c + d },
    p: t.p,
    log10_p: t.log10P,
    q,
  };
}

/** A rate with Wilson's interval. */
export const rateEstimate = (k: number, n: number, confidence: number): Estimate => ({
  value: k / n,
  ...wilson(k, n, confidence),
  n,
});
