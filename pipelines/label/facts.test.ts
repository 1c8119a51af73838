import { describe, expect, it } from 'vitest';
import type { Scene } from '#pipelines/data/sample.ts';
import { factsOf, type HitTokens, ninthOf, patchShows } from './facts.ts';

const GRID = { rows: 7, columns: 7 };
const scene: Scene = {
  objects: [{ name: 'cat', size: 'big', px: 38, x: 24, y: 24 }],
  background: 'red',
};

describe('patches', () => {
  it('show the thing whose drawing covers a third of them', () => {
    expect(patchShows(scene, 112, GRID, 8)).toBe('cat');
    expect(patchShows(scene, 112, GRID, 0)).toBe('cat');
    expect(patchShows(scene, 112, GRID, 3)).toBe('ground');
    expect(patchShows(scene, 112, GRID, 48)).toBe('ground');
  });

  it('lie in ninths of the picture', () => {
    expect([0, 3, 6, 21, 24, 27, 42, 45, 48].map((patch) => ninthOf(GRID, patch))).toEqual([
      'top left',
      'top',
      'top right',
      'left',
      'middle',
      'right',
      'bottom left',
      'bottom',
      'bottom right',
    ]);
  });
});

describe('facts', () => {
  it('weigh patches by activation, and peaks by sample', () => {
    const sample = {
      id: 'a',
      prompt: 'Is it left?',
      image: { width: 112, height: 112, data: new Uint8Array(0) },
      truth: { scene, family: 'spatial' as const, kind: 'relation' },
    };
    const tokens = ['Is', ' it', ' left', '?'];
    const hit = (image: [number, number][], text: [number, number][]): HitTokens => ({
      sample,
      grid: GRID,
      tokens,
      image: new Map(image),
      text: new Map(text),
    });
    const facts = factsOf(3, 2, 10, [
      hit(
        [
          [8, 3],
          [48, 1],
        ],
        [[2, 4]],
      ),
      hit(
        [],
        [
          [2, 1],
          [3, 1],
        ],
      ),
    ]);
    expect(facts).toEqual({
      feature: 3,
      fired: 2,
      samples: 10,
      hits: 2,
      on_image: 0.4,
      peak_tokens: [{ name: ' left', share: 1 }],
      before_peak: [{ name: ' it', share: 1 }],
      shows: [
        { name: 'cat', share: 0.75 },
        { name: 'ground', share: 0.25 },
      ],
      grounds: [{ name: 'red', share: 1 }],
      places: [
        { name: 'top left', share: 0.75 },
        { name: 'bottom right', share: 0.25 },
      ],
      families: [{ name: 'spatial', share: 1 }],
    });
  });
});
