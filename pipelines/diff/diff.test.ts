import { describe, expect, it } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import { adaptedMask, sensitivityGrid, sharedMask, strictMask, suspectMask } from './adapted.ts';
import { modalityDominance } from './dominance.ts';
import { encodeRows } from './encode.ts';
import { columnCosines, normRatios, procrustesCosines, rowCosines } from './geometry.ts';
import { rotationQ } from './noise.ts';
import { energy, visionPreference } from './preference.ts';
import { LatentScaling } from './scaling.ts';
import { newcombe, rotateRows } from './statistics/index.ts';
import { shareBeside } from './summary.ts';
import { SampleAccumulator } from './sums.ts';

const normals = (length: number, seed = 1) => {
  const draw = random(seed, 'diff.test');
  return Float64Array.from({ length }, () => draw.normal());
};

describe('geometry', () => {
  it('gives cosines and norm ratios, 0 for zero rows', () => {
    expect(Array.from(rowCosines([3, 0, 0, 0], [3, 3, 1, 1], 2), (x) => Number(x.toFixed(12)))).toEqual([
      Number(Math.SQRT1_2.toFixed(12)),
      0,
    ]);
    expect(Array.from(columnCosines([1, 0, 1, 0], [1, 1, -1, 1], 2))).toEqual([0, 0]);
    expect(Array.from(normRatios([3, 4, 0, 0], [6, 8, 1, 1], 2))).toEqual([2, 0]);
  });

  it('sees no rotation where all rows turn together, and none across it', () => {
    const d = 5;
    const rows = normals(30 * d);
    const angle = 0.7;
    const plane = Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));
    [plane[0], plane[1], plane[d], plane[d + 1]] = [
      Math.cos(angle),
      Math.sin(angle),
      -Math.sin(angle),
      Math.cos(angle),
    ];
    const turned = rotateRows(rows, plane, d);
    expect(Math.min(...procrustesCosines(rows, turned, d))).toBeCloseTo(1, 12);
    expect(Math.min(...rowCosines(rows, turned, d))).toBeLessThan(0.9);
  });
});

describe('per-sample sums', () => {
  /** Two samples: an image and a text token, then two text tokens. Feature 0 and 1. */
  const sums = () => {
    const accumulator = new SampleAccumulator(3, 3, 0.5);
    accumulator.add(
      { offsets: [0, 1, 3, 4, 4], index: [0, 0, 1, 1], value: [2, 1, 0.4, 3] },
      [0, 0, 1, 1],
      [0, 1, 1, 1],
    );
    return accumulator.finish();
  };

  it('keeps energies by class', () => {
    expect(Array.from(energy(sums()))).toEqual([5 / 4, (0.16000000000000003 + 9) / 4, 0]);
    expect(Array.from(energy(sums(), 0))).toEqual([4, 0, 0]);
    expect(Array.from(energy(sums(), 1))).toEqual([1 / 3, 9.16 / 3, 0]);
  });

  it('keeps the largest text activation and counts tokens above the threshold', () => {
    const { textMax, textCount, feature, offsets } = sums();
    expect([...feature]).toEqual([0, 1, 1]);
    expect([...textMax]).toEqual([1, 0.4, 3]);
    expect([...textCount]).toEqual([1, 0, 1]);
    expect([...offsets]).toEqual([0, 2, 3, 3]);
  });

  it('refuses tokens out of order', () => {
    const accumulator = new SampleAccumulator(1, 2);
    const one = { offsets: [0, 0], index: [], value: [] };
    accumulator.add(one, [1], [1]);
    expect(() => accumulator.add(one, [0], [1])).toThrow('sample 0 after sample 1');
  });

  it('gives dominance by sample', () => {
    // Only sample 0 has both classes: feature 0 has 2 on image, 1 on text; feature 1 nothing on image.
    const { score, class: classes } = modalityDominance(sums());
    expect(Array.from(score)).toEqual([2 / 3, 0, 0.5]);
    expect(Array.from(classes)).toEqual([2, 2, 3]);
  });
});

describe('vision preference', () => {
  it('is 0.5 for silent features and has an interval over samples', () => {
    const stream = (values: number[]) => {
      const accumulator = new SampleAccumulator(2, values.length);
      accumulator.add(
        { offsets: values.map((_, i) => i).concat(values.length), index: values.map(() => 0), value: values },
        values.map((_, i) => i),
        values.map(() => 1),
      );
      return accumulator.finish();
    };
    const vision = { sums: stream([2, 0.5]), multiplicity: Float64Array.of(2, 0, 0, 2) };
    const text = { sums: stream([1, 1]), multiplicity: Float64Array.of(1, 1, 1, 1) };
    const { value, low, high } = visionPreference(vision, text, 2, 0.5);
    expect(value[0]).toBeCloseTo(2.125 / 3.125, 12);
    expect(low[0]).toBeCloseTo(0.2 + 0.25 * 0.6, 12);
    expect(high[0]).toBeCloseTo(0.2 + 0.75 * 0.6, 12);
    expect([value[1], low[1], high[1]]).toEqual([0.5, 0.5, 0.5]);
  });
});

describe('adapted sets', () => {
  const energies = [1, 1, 0.001, 1];
  const cosines = [0.2, 0.9, 0.1, 0.5];
  it('follows the rules', () => {
    const adapted = adaptedMask(energies, cosines, 0.01, 0.5);
    expect([...adapted]).toEqual([1, 0, 0, 1]);
    expect([...strictMask(adapted, [0.6, 0.9, 0.9, 0.5])]).toEqual([1, 0, 0, 0]);
    expect([...suspectMask([0.6, 0.6, 0.8, 0.1], [0.6, 0.7, 0.1, 0.1], 0.7)]).toEqual([1, 0, 0, 1]);
    expect([...sharedMask(cosines, [0.1, 0.9, 0.8, 0.7], 50)]).toEqual([1, 0, 0, 0]);
    expect([...adaptedMask(energies, cosines, 0.01, 0.5, Uint8Array.of(0, 1, 1, 1))]).toEqual([0, 0, 0, 1]);
  });
  it('says how they depend on the thresholds', () => {
    const adapted = adaptedMask(energies, cosines, 0.01, 0.3);
    const grid = sensitivityGrid(energies, cosines, { eps: [0.0001, 0.01], percentiles: [50, 100] }, adapted);
    expect(grid.count).toEqual([
      [2, 4],
      [1, 3],
    ]);
    expect(grid.jaccard).toEqual([
      [0.5, 0.25],
      [1, 1 / 3],
    ]);
  });
  it('tests rotation by the odd one of three adaptations', () => {
    const draw = random(2, 'odd');
    const noise = () => Float64Array.from({ length: 60 }, () => 0.97 + 0.02 * draw.float());
    const far = (x: Float64Array) => x.map((c, i) => (i < 30 ? 0.5 : c));
    const arrays: Record<string, Float64Array> = {
      'procrustes.F.F2': noise(),
      'procrustes.C.F': far(noise()),
      'procrustes.C.F2': far(noise()),
    };
    const q = rotationQ((name) => arrays[name] ?? null, new Uint8Array(60).fill(1, 59))!;
    expect(Array.from(q.subarray(0, 30)).every((x) => x <= 0.05)).toBe(true);
    expect(Array.from(q.subarray(30)).filter((x) => x <= 0.05).length).toBeLessThan(3);
    expect(q[59]).toBe(1);
    expect(rotationQ(() => null, [0, 0])).toBe(null);
  });
});

describe('latent scaling', () => {
  it('recovers a planted beta', () => {
    const [d, n, tokens] = [6, 3, 40];
    const make = (seed: number): Sae => ({
      d,
      n,
      activation: 'relu',
      scale: 1,
      applyBDec: false,
      wEnc: Float32Array.from(normals(d * n, seed)),
      bEnc: new Float32Array(n),
      wDec: Float32Array.from({ length: n * d }, (_, k) => (k % d === Math.floor(k / d) ? 1 : 0)),
      bDec: new Float32Array(d),
    });
    const tuned = make(2);
    const x = normals(tokens * d, 3);
    const features = encodeRows(tuned, x);
    // Row t of each model is f(t) times the decoder, by 1.5 in the tuned and 0.25 in the base model.
    const rows = (beta: number) => {
      const u = new Float64Array(tokens * d);
      for (let t = 0; t < tokens; t += 1)
        for (let k = features.offsets[t]!; k < features.offsets[t + 1]!; k += 1)
          u[t * d + features.index[k]!] = beta * features.value[k]!;
      return u;
    };
    const scaling = new LatentScaling(tuned, make(4));
    scaling.add({ u: rows(1.5), features }, { u: rows(0.25), features });
    const { tuned: betaTuned, base, tuned_reconstruction, tuned_error, base_error } = scaling.finish();
    for (let i = 0; i < n; i += 1) {
      expect(betaTuned[i]).toBeCloseTo(1.5, 10);
      expect(tuned_reconstruction[i]).toBeCloseTo(1, 10);
      expect(tuned_error[i]).toBeCloseTo(1.5, 10);
      expect(base[i]).toBeCloseTo(0.25, 10);
      expect(base_error[i]).toBeCloseTo(0.25, 10);
    }
  });
});

describe('share of a set beside the others', () => {
  const found = Uint8Array.from({ length: 40 }, (_, i) => (i < 10 ? 1 : 0));
  it("has Newcombe's interval of the difference", () => {
    const share = shareBeside(found, (i) => i % 2 === 0 || i < 4, 'others', 0.95)!;
    expect(share).toMatchObject({ value: 0.7, n: 10, control: { kind: 'others', value: 0.5, n: 30 } });
    const { difference, low, high } = newcombe(7, 10, 15, 30, 0.95);
    expect(share.difference).toEqual({ value: difference, low, high, n: 40 });
  });
  it('has no difference where there are no others, and is null where nothing was found', () => {
    const all = shareBeside(new Uint8Array(4).fill(1), () => true, 'others', 0.95)!;
    expect(all).toMatchObject({ value: 1, control: null });
    expect(all.difference).toBeUndefined();
    expect(shareBeside(new Uint8Array(4), () => true, 'others', 0.95)).toBe(null);
  });
});
