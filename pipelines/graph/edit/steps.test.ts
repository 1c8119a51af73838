import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Place } from '../anatomy/index.ts';
import { f32, sizeOf } from '../tensor.ts';
import type { Intervention } from '../types.ts';
import { broadcastDims, combine } from './broadcast.ts';
import type { RunSizes } from './selection.ts';
import { stepFeeds, stepsOf } from './steps.ts';

const sizes: RunSizes = { batch: 2, pos: 3, heads: 2, width: 4 };
const place = (layout: Place['layout'], rank: number): Place => ({ value: 'x', layout, rank, type: 'float32' });
const steps = (interventions: Omit<Intervention, 'at'>[], at: Place) =>
  stepsOf(
    interventions.map((i) => ({ at: 'site', ...i })),
    new Map([['site', at]]),
    () => sizes,
  );
const feeds = (interventions: Omit<Intervention, 'at'>[], at: Place) =>
  stepFeeds(0, steps(interventions, at)[0]!, at, sizes).map(([name, t]) => [
    name,
    t.dims,
    Array.from(t.data as Float32Array),
  ]);

describe('steps', () => {
  it('carry no more than varies', () => {
    expect(feeds([{ op: 'scale', factor: 0.5 }], place('heads', 4))).toEqual([
      ['parallax.gain.0', [1, 1, 1, 1], [0.5]],
    ]);
    expect(feeds([{ op: 'zero', head: 1 }], place('heads', 4))).toEqual([['parallax.gain.0', [1, 1, 2, 1], [1, 0]]]);
    expect(feeds([{ op: 'zero', positions: [2, 0] }], place('stream', 3))).toEqual([
      ['parallax.gain.0', [1, 3, 1], [0, 1, 0]],
    ]);
    const value = f32([1, 2, 3, 4]);
    expect(feeds([{ op: 'add', value, factor: 2 }], place('stream', 3))).toEqual([
      ['parallax.add.0', [1, 1, 4], [2, 4, 6, 8]],
    ]);
  });

  it('take the axes that the graph has', () => {
    const gain = feeds([{ op: 'zero', head: 1, positions: [2] }], place('heads', 2));
    // [batch * pos, head, 1]: both sequences alike
    expect(gain).toEqual([['parallax.gain.0', [6, 2, 1], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0]]]);
    expect(feeds([{ op: 'scale', factor: 3 }], place('stream', 2))).toEqual([['parallax.gain.0', [1, 1], [3]]]);
    const pattern = feeds([{ op: 'zero', head: 0, positions: [1] }], place('pattern', 3));
    expect(pattern).toEqual([['parallax.gain.0', [4, 3, 1], [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]]]);
  });

  it('of one kind in a row are one; the later value counts', () => {
    const made = steps(
      [
        { op: 'set', value: f32([5]), positions: [0, 1] },
        { op: 'set', value: f32([7]), positions: [1] },
        { op: 'scale', factor: 2, positions: [0] },
        { op: 'zero', positions: [2] },
        { op: 'project_out', value: f32([3, 0, 4, 0]) },
        { op: 'project_out', value: f32([0, 1, 0, 0]) },
      ],
      place('stream', 3),
    );
    expect(made.map(({ kind }) => kind)).toEqual(['set', 'gain', 'project', 'project']);
    expect(made[0]!.grids.map(({ data }) => [...data])).toEqual([
      [1, 1, 0],
      [5, 7, 0],
    ]);
    expect([...made[1]!.grids[0]!.data]).toEqual([2, 1, 0]);
    expect([...made[2]!.grids[0]!.data]).toEqual([0.6, 0, 0.8, 0].map(Math.fround));
  });
});

describe('broadcasting', () => {
  it('is as NumPy defines it', () => {
    expect(broadcastDims([2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastDims([2], [3])).toBeUndefined();
    expect(broadcastDims([], [2, 3])).toEqual([2, 3]);
  });

  it('combines every pair of elements that meet', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shape, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(3), (dims, thin, drop) => {
        const other = dims.map((d, i) => (thin[i] ? 1 : d)).slice(Math.min(drop, dims.length - 1));
        const grid = (d: number[], scale: number) => ({
          dims: d,
          data: Float32Array.from({ length: sizeOf(d) }, (_, i) => i * scale),
        });
        const got = combine(grid(dims, 1), grid(other, 1000), (x, y) => x + y);
        expect(got.dims).toEqual(dims);
        got.data.forEach((value, flat) => {
          let rest = flat;
          const index = [...dims].reverse().map((d) => {
            const i = rest % d;
            rest = Math.floor(rest / d);
            return i;
          });
          const at = [...other]
            .reverse()
            .reduce(([sum, step], d, i) => [sum! + (d > 1 ? index[i]! * step! : 0), step! * d], [0, 1])[0]!;
          expect(value).toBe(flat + 1000 * at);
        });
      }),
    );
  });
});
