import { expect, test } from 'vitest';
import type { Sample } from '#pipelines/data/sample.ts';
import { wilson } from '#pipelines/diff/statistics/index.ts';
import { priorRows } from './prior.ts';

const sample = (kind: string, i: number): Sample => ({ id: `${i}`, prompt: '', truth: { family: 'spatial', kind } });
const answers = (right: readonly number[]) => ({
  accuracy: Float64Array.from(right),
  log_odds: Float64Array.from(right, (r) => (r ? 2 : -1)),
});

test('reliance is the share of choices that stay, by kind and over all', () => {
  const samples = [...Array(8).fill('choice'), ...Array(8).fill('relation'), 'rare'].map(sample);
  const seen = answers(Array(17).fill(1));
  // The picture decides the choices; the words decide three in four of the relations.
  const without = answers([...Array(8).fill(0), 1, 1, 1, 1, 1, 1, 0, 0, 0]);
  const rows = priorRows('spatial', 'mean', samples, seen, without, { rounds: 50, confidence: 0.95, seed: 1 });
  expect(rows.map((r) => [r.kind, r.reliance.value, r.reliance.n, r.accuracy.value, r.log_odds.value])).toEqual([
    ['all', 6 / 17, 17, -11 / 17, (-3 * 11) / 17],
    ['choice', 0, 8, -1, -3],
    ['relation', 0.75, 8, -0.25, -0.75],
  ]);
  expect(rows[2]!.reliance).toMatchObject(wilson(6, 8, 0.95));
});
