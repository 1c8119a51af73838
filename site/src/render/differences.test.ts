import { describe, expect, it } from 'vitest';
import { agreement, type Columns, largestChanges, sharedIndices } from './differences.ts';
import { numberColumn } from './fixture-column.ts';

const columns = (of: Record<string, number[]>): Columns['columns'] =>
  new Map(Object.entries(of).map(([name, values]) => numberColumn(name, values)));

/** Layers 0 and 2 of two features against layers 2 and 3 of three: layer 2 is shared, and two of its indices. */
const a: Columns = {
  manifest: { layers: [0, 2], features_per_layer: 2 },
  columns: columns({ spatial: [1, 1, 1, 0], cos_s_f: [0, 0, 0.25, 0.5] }),
};
const b: Columns = {
  manifest: { layers: [2, 3], features_per_layer: 3 },
  columns: columns({ spatial: [0, 0, 1, 1, 1, 1], cos_s_f: [1, 0.75, Number.NaN, 0, 0, 0] }),
};
const shared = sharedIndices(a.manifest, b.manifest);

describe('differences of two releases', () => {
  it('compares the indices that both have', () => {
    expect(shared).toEqual([
      { layer: 2, index: 0, a: 2, b: 0 },
      { layer: 2, index: 1, a: 3, b: 1 },
    ]);
  });
  it('says where a flag agrees', () => {
    const of = agreement(a, b, shared, 'spatial');
    expect(of).toEqual({ both: 0, onlyA: [shared[0]], onlyB: [], jaccard: 0 });
    expect(agreement(a, a, sharedIndices(a.manifest, a.manifest), 'spatial')?.jaccard).toBe(1);
    expect(agreement(a, b, shared, 'adapted')).toBeNull();
  });
  it('puts the largest change first, and leaves out what is the same or missing', () => {
    const changes = largestChanges(a, b, shared, 'cos_s_f', 5);
    expect(changes.map(({ from, to }) => to - from)).toEqual([0.75, 0.25]);
    expect(largestChanges(a, a, sharedIndices(a.manifest, a.manifest), 'cos_s_f', 5)).toEqual([]);
    expect(largestChanges(a, b, shared, 'cos_s_f', 1)).toHaveLength(1);
  });
});
