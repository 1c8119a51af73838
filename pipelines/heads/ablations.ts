import type { z } from 'zod';
import { mean } from '#pipelines/diff/statistics/index.ts';
import type { HeadAblation } from '#release/schema/index.ts';
import { MEASURES } from './behaviour.ts';
import { controlled, type Intervals, paired } from './estimate.ts';
import type { AblateFile } from './files.ts';
import { qOf } from './significance.ts';
import { TASK_NAMES } from './tasks.ts';

/** What the ablation of one head changed. */
export interface Ablated {
  /** Place by the mean change of the log-odds of spatial answers, 1 = the greatest loss. */
  readonly rank: number;
  readonly rows: z.infer<typeof HeadAblation>[];
}

const CONTROL = 'mean of all other heads';

/**
 * Paired change under mean ablation of every head, index = layer * heads + head, beside the mean of all other heads on the same
 * samples; undefined where a head was not ablated, or there is no other.
 */
export function joinAblations(
  { heads: ablated }: AblateFile,
  layers: number,
  heads: number,
  intervals: Intervals,
): (Ablated | undefined)[] {
  const all = ablated.map((row) => ({ ...row, index: row.layer * heads + row.head }));
  if (all.length < 2) return new Array(layers * heads).fill(undefined);
  const rows = all.map((): Ablated['rows'] => []);
  for (const task of TASK_NAMES)
    for (const measure of MEASURES) {
      const changes = all.map((row) => row[task][measure]);
      const samples = changes[0]?.length ?? 0;
      const sums = Float64Array.from({ length: samples }, (_, s) => changes.reduce((sum, x) => sum + x[s]!, 0));
      const others = changes.map((x) => sums.map((sum, s) => (sum - x[s]!) / (changes.length - 1)));
      const q = qOf(
        changes.map((x, k) => paired(x, others[k]!)),
        'two-sided',
        intervals.seed,
      );
      for (const [k, x] of changes.entries())
        rows[k]!.push({
          method: 'mean',
          task,
          measure,
          effect: controlled(x, { kind: CONTROL, x: others[k]! }, intervals),
          q: q[k]!,
        });
    }
  const losses = all.map((row) => mean(row.spatial.log_odds));
  const order = losses.map((_, k) => k).sort((a, b) => losses[a]! - losses[b]! || a - b);
  const out = new Array<Ablated | undefined>(layers * heads).fill(undefined);
  for (const [place, k] of order.entries()) out[all[k]!.index] = { rank: place + 1, rows: rows[k]! };
  return out;
}
