import { expect, test } from 'vitest';
import { Activity, Histograms } from './activity.ts';

/** Three tokens over two features: token 0 fires feature 0 at 2, token 1 both at 1 and 4, token 2 none. */
const rows = {
  offsets: Uint32Array.of(0, 1, 3, 3),
  index: Uint32Array.of(0, 0, 1),
  value: Float32Array.of(2, 1, 4),
};

test('frequencies by group, counted by hand', () => {
  const activity = new Activity(2);
  activity.add(rows, (t) => (t === 0 ? 'image' : 'text'));
  expect([activity.frequency('image', 0), activity.frequency('text', 0), activity.frequency('text', 1)]).toEqual([
    1, 0.5, 0.5,
  ]);
  expect(activity.frequency('base_text', 0)).toBe(0);
  expect(Array.from(activity.max)).toEqual([2, 4]);
});

test('a histogram holds every activation, the largest in its last bin', () => {
  const histograms = new Histograms(Float32Array.of(2, 4));
  histograms.add(rows);
  const { edges, counts } = histograms.of(0);
  expect(counts.reduce((a, b) => a + b, 0)).toBe(2);
  expect(counts.at(-1)).toBe(1);
  expect(counts[counts.length / 2]).toBe(1);
  expect([edges[0], edges.at(-1)]).toEqual([0, 2]);
  expect(new Histograms(Float32Array.of(0)).of(0)).toEqual({ edges: [0, 1], counts: [0] });
});
