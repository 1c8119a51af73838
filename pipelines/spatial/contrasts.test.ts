import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import type { Sample, Truth } from '#pipelines/data/sample.ts';
import { auroc, aurocInterval } from '#pipelines/diff/statistics/index.ts';
import { contrastsOf, relationContrasts, trueRelation } from './contrasts.ts';
import { minimalPair, pairContrasts } from './pairs.ts';
import { relationEffects } from './relations.ts';

const truth = (relation: string, holds: boolean | undefined, subject = 'cat', x = 20): Truth => ({
  scene: {
    objects: [
      { name: 'cat', size: 'small', px: 10, x, y: 90 },
      { name: 'dog', size: 'small', px: 10, x: 112 - x, y: 90 },
    ],
    background: 'plain',
  },
  family: 'spatial',
  kind: 'relation',
  relation,
  ...(holds === undefined ? {} : { holds }),
  subject,
  object: subject === 'cat' ? 'dog' : 'cat',
});
const sample = (t: Truth, i = 0): Sample => ({
  id: `s${i}`,
  prompt: '',
  image: { width: 112, height: 112, data: new Uint8Array(0) },
  truth: t,
});

describe('contrasts', () => {
  it('take the relation that holds, not the one that is asked', () => {
    expect(trueRelation(truth('left of', true))).toBe('left of');
    expect(trueRelation(truth('left of', false))).toBe('right of');
    expect(trueRelation(truth('inside', false))).toBe('not inside');
    expect(trueRelation(undefined)).toBe(undefined);
  });

  it('join a relation and its inverse on one axis', () => {
    const truths = [truth('left of', true), truth('right of', true), truth('left of', false), truth('below', true)];
    expect(relationContrasts(truths)).toEqual([
      { aspect: 'relation', name: 'above', inverse: 'below', labels: [null, null, null, 0] },
      { aspect: 'relation', name: 'left of', inverse: 'right of', labels: [1, 0, 0, null] },
    ]);
  });

  it('ask for the side, the subject and the reference', () => {
    const contrasts = contrastsOf([sample(truth('left of', true)), sample(truth('left of', true, 'dog'))]);
    const by = (aspect: string, name: string) => contrasts.find((c) => c.aspect === aspect && c.name === name)!.labels;
    expect(by('side', 'left')).toEqual([1, 0]);
    expect(by('side', 'top')).toEqual([0, 0]);
    expect(by('subject', 'cat')).toEqual([1, 0]);
    expect(by('reference', 'cat')).toEqual([0, 1]);
  });
});

describe('relation effects', () => {
  const n = 80;
  const half = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const lefts = Array.from({ length: n }, (_, i) => Math.floor(i / 2) % 2 === 0);
  const samples = lefts.map((isLeft, i) => sample(truth('left of', isLeft), i));

  it('name the way round that the selecting half shows, and measure it on the other', () => {
    const scores = lefts.map((isLeft, i) => (isLeft ? 0 : 1) + (i % 7 === 0 ? 5 : 0));
    const [effect] = relationEffects(contrastsOf(samples), scores, half, 0.95).filter((r) => r.aspect === 'relation');
    const held = samples.map((_, i) => i).filter((i) => half[i] === 1);
    const right = held.map((i) => (lefts[i] ? 0 : 1));
    expect(effect!.relation).toBe('right of');
    expect(effect!.auroc.n).toBe(40);
    expect(effect!.auroc.value).toBeCloseTo(
      auroc(
        held.map((i) => scores[i]!),
        right,
      ),
      12,
    );
    expect(effect!.auroc.low).toBeLessThan(effect!.auroc.value);
  });
});

describe('AUROC interval', () => {
  it('keeps a width at 1 and covers the truth', () => {
    expect(aurocInterval(1, 10, 10, 0.95)).toEqual({ low: expect.closeTo(0.81, 1), high: 1 });
    let covered = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const draw = random(seed, 'auroc');
      const labels = Array.from({ length: 40 }, (_, i) => i % 2);
      const scores = labels.map((label) => draw.normal() + label);
      const { low, high } = aurocInterval(auroc(scores, labels), 20, 20, 0.95);
      // P(N(1,1) > N(0,1)) = Phi(1 / sqrt 2)
      if (low <= 0.7602 && high >= 0.7602) covered += 1;
    }
    expect(covered / 200).toBeGreaterThan(0.9);
  });
});

describe('minimal pairs', () => {
  const n = 60;
  const half = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const first = Array.from({ length: n }, (_, i) => truth('left of', i % 3 === 0));
  const mirrored = first.map((t) => truth('left of', !t.holds));
  const options = (seed: number) => ({ rounds: 200, confidence: 0.95, random: random(seed, 'pairs') });

  it('measure the change with the relation on held-out pairs', () => {
    const draw = random(1, 'values');
    const f = (t: Truth) => (t.holds ? 1 : 3) + 0.2 * draw.normal();
    const contrasts = pairContrasts(first, mirrored);
    expect(contrasts.map(({ name }) => name)).toEqual(['yes / no', 'left of / right of']);
    const change = minimalPair(contrasts, first.map(f), mirrored.map(f), half, options(2))!;
    expect(change.n).toBe(30);
    expect(change.value).toBeCloseTo(2, 0);
    expect(change.low).toBeGreaterThan(change.control!.high!);
    expect(change.difference!.value).toBeCloseTo(change.value - change.control!.value, 12);
    expect(change.difference!.low).toBeGreaterThan(0);
  });

  it('find nothing where the feature does not care', () => {
    const draw = random(3, 'values');
    const noise = () => first.map(() => draw.normal());
    const change = minimalPair(pairContrasts(first, mirrored), noise(), noise(), half, options(4))!;
    expect(change.low).toBeLessThan(change.control!.high!);
    expect(change.difference!.low).toBeLessThan(0);
    expect(minimalPair(pairContrasts([], []), [], [], half, options(5))).toBe(null);
  });
});
