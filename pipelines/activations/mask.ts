import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import type { ActivationStore } from './types.ts';

export type TokenMask = 'all' | 'image' | 'text';

export interface RowFilter {
  readonly mask?: TokenMask;
  /** Samples `[from, to)` by their order in the store. */
  readonly samples?: readonly [from: number, to: number];
}

/** Row numbers, ascending, of the tokens that pass the filter. */
export function rowsWhere(store: ActivationStore, { mask = 'all', samples }: RowFilter): Uint32Array {
  const { table } = store;
  const kept: number[] = [];
  for (let row = 0; row < store.meta.tokens; row += 1) {
    if (mask !== 'all' && table.class[row] !== TOKEN_CLASS[mask]) continue;
    const sample = table.sample[row]!;
    if (samples && (sample < samples[0] || sample >= samples[1])) continue;
    kept.push(row);
  }
  return Uint32Array.from(kept);
}
