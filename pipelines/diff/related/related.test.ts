import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import type { QualityRow } from '#release/schema/index.ts';
import { SampleAccumulator } from '../sums.ts';
import { imageTokens } from './image-tokens.ts';
import { meanSimilarity, monosemanticity } from './monosemanticity.ts';
import { monosemanticityRow } from './monosemanticity-row.ts';
import { classProbe, valueProbe } from './probe.ts';
import { type Rows, ridge } from './ridge.ts';
import { conceptShifts } from './shift.ts';

const normals = (length: number, seed: number) => {
  const draw = random(seed, 'related.test');
  return Float64Array.from({ length }, () => draw.normal());
};
const D = 12;
const options = (seed: number) => ({ random: random(seed, 'related.test', 'options'), rounds: 100, confidence: 0.95 });

describe('ridge', () => {
  it('recovers a linear rule', () => {
    const x: Rows = { d: D, data: normals(80 * D, 1) };
    const y = Float64Array.from({ length: 80 }, (_, i) => 3 + 2 * x.data[i * D]! - x.data[i * D + 5]!);
    const test: Rows = { d: D, data: normals(10 * D, 2) };
    const [predicted] = ridge(x, [y], test);
    for (let i = 0; i < 10; i += 1)
      expect(predicted![i]).toBeCloseTo(3 + 2 * test.data[i * D]! - test.data[i * D + 5]!, 1);
  });
});

describe('probes', () => {
  const rows: Rows = { d: D, data: normals(160 * D, 3) };
  const at = (i: number) => rows.data[i * D + 2]!;
  it('find what is there, and nothing under shuffled truth', () => {
    const value = valueProbe(
      rows,
      Array.from({ length: 160 }, (_, i) => at(i)),
      options(1),
    )!;
    expect(value.value).toBeGreaterThan(0.95);
    expect(value.control!.value).toBeLessThan(0.2);
    const classes = Array.from({ length: 160 }, (_, i) => (at(i) > 0 ? 'right' : 'left'));
    const label = classProbe(rows, classes, options(2))!;
    expect(label.low).toBeGreaterThan(0.75);
    expect(label.control!.high).toBeLessThan(label.low!);
    expect(label.difference!.value).toBeCloseTo(label.value - label.control!.value, 12);
    expect(value.difference!.low).toBeGreaterThan(0.5);
  });
  it('find nothing where nothing is', () => {
    const draw = random(4, 'labels');
    const label = classProbe(
      rows,
      Array.from({ length: 160 }, () => (draw.chance(0.5) ? 'a' : 'b')),
      options(3),
    )!;
    expect(label.low).toBeLessThan(0.5);
    expect(classProbe(rows, Array(160).fill('same'), options(3))).toBe(null);
    expect(valueProbe(rows, Array(160).fill(null), options(3))).toBe(null);
  });
});

describe('concept shifts', () => {
  it('recover a planted shift, and not with that of another concept', () => {
    const base: Rows = { d: D, data: normals(60 * D, 5) };
    const concepts = Array.from({ length: 60 }, (_, i) => (i % 2 ? 'cat' : 'dog'));
    const noise = normals(60 * D, 6);
    const tuned: Rows = {
      d: D,
      data: base.data.map(
        (x, k) => x + 0.1 * noise[k]! + (k % D === (concepts[Math.floor(k / D)] === 'cat' ? 0 : 1) ? 3 : 0),
      ),
    };
    const shifts = conceptShifts(tuned, base, concepts, options(7));
    expect(shifts.map(({ concept }) => concept)).toEqual(['cat', 'dog']);
    for (const { recovery, size } of shifts) {
      expect(size).toBeGreaterThan(1);
      expect(recovery.low).toBeGreaterThan(0.9);
      expect(recovery.control!.value).toBeLessThan(0);
    }
  });
});

describe('monosemanticity', () => {
  it('is the weighted similarity of pairs, by hand', () => {
    const accumulator = new SampleAccumulator(2, 3);
    // Feature 0: 1 on picture 0 and 2 on picture 1; feature 1: only on picture 2.
    accumulator.add({ offsets: [0, 1, 2, 3], index: [0, 0, 1], value: [1, 2, 1] }, [0, 1, 2], [0, 0, 0]);
    const embeddings = [1, 0, 3, 4, 0, 2];
    const scores = monosemanticity(accumulator.finish(), embeddings);
    expect(scores[0]).toBeCloseTo(0.6, 12);
    expect(scores[1]).toBeNaN();
    const chance = meanSimilarity(embeddings, 3, options(8));
    expect(chance.value).toBeCloseTo((0.6 + 0 + 0.8) / 3, 12);
    expect(chance.n).toBe(3);
    expect(chance.low!).toBeLessThan(chance.value);
    expect(chance.high!).toBeGreaterThan(chance.value);
  });

  it('compares all features with any two pictures, and spatial features with the others', () => {
    const scores = [0.9, null, 0.5, 0.8, 0.4, 0.6];
    const chance = { value: 0.45, low: 0.4, high: 0.5, n: 20 };
    const row = monosemanticityRow({ layer: 3, scores, chance }, (i) => i === 0 || i === 3, options(9))!;
    expect(row.score).toMatchObject({ value: 0.64, n: 5, control: { value: 0.45 } });
    expect(row.score.difference!.value).toBeCloseTo(0.19, 12);
    expect(row.spatial!.value).toBeCloseTo(0.85, 12);
    expect(row.spatial!.control!.value).toBeCloseTo(0.5, 12);
    expect(row.spatial!.difference!.low).toBeGreaterThan(0);
    expect(row.top.slice(0, 2)).toEqual([
      { id: 'L3F0', score: 0.9 },
      { id: 'L3F3', score: 0.8 },
    ]);
    expect(monosemanticityRow({ layer: 3, scores, chance }, () => false, options(9))!.spatial).toBe(null);
    expect(monosemanticityRow({ layer: 3, scores: [null, 0.5], chance }, () => false, options(9))).toBe(null);
  });
});

describe('image tokens', () => {
  const row = (layer: number, token_class: 'all' | 'image' | 'text', fvu: number, stage = 'S'): QualityRow => {
    const plain = (value: number) => ({ value, low: value, high: value, n: 9 });
    return {
      stage,
      layer,
      stream: 'tuned/scenes',
      token_class,
      fvu: plain(fvu),
      explained_variance: plain(1 - fvu),
      l0: plain(16),
      dead_fraction: 0.25,
      dense_fraction: 0,
      loss_recovered: null,
      tokens: 90,
    };
  };
  const layers = (errors: readonly number[]) =>
    errors.flatMap((fvu, l) => [
      row(l, 'image', fvu),
      row(l, 'text', 0.2),
      row(l, 'all', 0.3),
      row(l, 'image', 9, 'F'),
    ]);
  it('converge where their error stays within the limit to the last layer', () => {
    expect(imageTokens(layers([0.9, 0.2, 0.6, 0.24, 0.25]))!.convergence).toEqual({ layer: 3, limit: 1.25 });
    expect(imageTokens(layers([0.2, 0.2]))!.convergence.layer).toBe(0);
    expect(imageTokens(layers([0.2, 0.3]))!.convergence.layer).toBe(null);
    expect(imageTokens(layers([0.9]))!.rows[0]!.fvu).toMatchObject({ value: 0.9, control: { value: 0.2, n: 9 } });
    expect(imageTokens([row(0, 'image', 1, 'F')])).toBe(null);
  });
});
