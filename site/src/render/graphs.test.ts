import { describe, expect, it } from 'vitest';
import type { HeadRecord, HeadsFile } from '#release/schema/index.ts';
import { fixedAxis } from './axis.ts';
import { bipartite, strongestEdges } from './bipartite.ts';
import { grid } from './density.ts';
import { density } from './ridges.ts';

const head = (layer: number, number: number, rank: number, features: HeadRecord['features']): HeadRecord => ({
  id: `H${layer}.${number}`,
  layer,
  head: number,
  sentence: '',
  spatial_effect: { value: 0.1, low: null, high: null, n: 4 },
  random_effect: null,
  rank,
  image_mass: null,
  entropy: null,
  ablation: [],
  features,
  attention: [],
});
const edge = (id: string, estimate: number, exact: number | null = null): HeadRecord['features'][number] => ({
  id,
  estimate,
  exact,
  status: exact === null ? 'estimated' : 'verified',
});
const file = (heads: HeadRecord[]): HeadsFile => ({
  heads,
  calibration: null,
  concentration: null,
  joint_ablation: [],
});

describe('strongestEdges', () => {
  const heads = file([
    head(1, 0, 1, [edge('L2F1', 0.1, -0.9), edge('L2F2', 0.5)]),
    head(1, 1, 2, [edge('L3F1', 0.05)]),
    head(0, 0, 3, [edge('L2F9', 9)]),
  ]);
  it('takes the heads by rank, exact effects before estimates, and leaves the faint ones out', () => {
    expect(strongestEdges(heads, 2, 5).map((e) => [e.head, e.feature, e.effect])).toEqual([
      ['H1.0', 'L2F1', -0.9],
      ['H1.0', 'L2F2', 0.5],
    ]);
    expect(strongestEdges(heads, 2, 1)).toHaveLength(1);
  });
  it('draws estimates and falls apart from rises, and says where nothing was traced', () => {
    const { text } = bipartite(strongestEdges(heads, 2, 5), 'demo', new Map([['L2F1', 'a label <b>']]));
    expect(text).toContain('class="down verified"');
    expect(text).toContain('class="up estimated"');
    expect(text).toContain('a label &lt;b&gt;');
    expect(bipartite([], 'demo', new Map()).text).toContain('No head was traced');
  });
});

describe('density', () => {
  it('is a share: it sums to one but for what the smoothing loses at the ends', () => {
    const axis = fixedAxis([0, 10], 0);
    const shares = density([2, 3, 4, 5, 6], axis, 10);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(density([99], axis, 4).at(-1)).toBeGreaterThan(0);
  });
  it('counts points by cell, the first row on top', () => {
    expect(
      grid(
        [
          [0, 1],
          [1, 0],
          [1, 0.1],
        ],
        fixedAxis([0, 1], 0),
        2,
      ),
    ).toEqual([1, 0, 0, 2]);
  });
});
