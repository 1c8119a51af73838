import type { Case } from './cases.ts';
import { latencies } from './load.ts';
import { type BenchRow, type Summary, summarise } from './row.ts';

/** Times of one case, over those of a Worker that gets the same bytes and does nothing. */
export async function* caseRows(
  { name, limit, shot }: Case,
  app: string,
  nothing: string,
  count: number,
): AsyncIterable<BenchRow> {
  const idle = { url: nothing, shot: (i: number) => ({ ...shot(i), path: '/' }) };
  const [base, { median, p99, spread }] = (await latencies([idle, { url: app, shot }], count)).map(summarise) as [
    Summary,
    Summary,
  ];
  const over = median - base.median;
  yield {
    name: `api.${name}, median over no-op`,
    figure: over,
    unit: 'ms',
    n: count,
    spread,
    ...(limit === undefined ? {} : { limit }),
  };
  yield { name: `api.${name}, p99`, figure: p99, unit: 'ms', n: count, spread };
}
