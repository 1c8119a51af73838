import type { ActivationStore } from '#pipelines/activations/types.ts';
import { streamRows } from '../stream.ts';
import { SUM_CLASS } from '../sums.ts';
import type { Rows } from './ridge.ts';

/** How a sample's tokens become one row. */
export const POOLS = ['image', 'text', 'last'] as const;
export type Pool = (typeof POOLS)[number];

/** Mean over the image tokens, over the text tokens after the picture, or the last token of each sample, `[samples, d]`. */
export async function pool(store: ActivationStore, layer: number, how: Pool): Promise<Rows> {
  const d = store.meta.dModel;
  const rows = streamRows(store, null);
  const x = await store.rows(layer, rows.from, rows.to);
  const data = new Float64Array(rows.samples * d);
  const count = new Float64Array(rows.samples);
  const last = new Map<number, number>();
  for (const [row, sample] of rows.sample.entries()) last.set(sample, row);
  for (const [row, sample] of rows.sample.entries()) {
    if (how === 'last' ? last.get(sample) !== row : rows.classes[row] !== SUM_CLASS[how]) continue;
    count[sample]! += 1;
    for (let j = 0; j < d; j += 1) data[sample * d + j]! += x[row * d + j]!;
  }
  return { d, data: data.map((value, k) => value / Math.max(1, count[Math.floor(k / d)]!)) };
}
