import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalsOf } from './intervals.ts';
import { emptyReservoir, type Hit, hitKey, mergeReservoirs, reservoirOf } from './reservoir.ts';

const SIZES = { top: 4, drawn: 12 };
const hits = fc
  .uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 60 })
  .chain((samples) =>
    fc.tuple(
      ...samples.map((sample) => fc.record({ sample: fc.constant(sample), max: fc.integer({ min: 1, max: 9 }) })),
    ),
  )
  .map((list) =>
    (list as { sample: number; max: number }[]).map((hit): Hit => ({ ...hit, key: hitKey(3, 5, hit.sample) })),
  );

describe('a reservoir', () => {
  it('is the same however the hits are split and in whatever order they are merged', () => {
    fc.assert(
      fc.property(hits, fc.array(fc.nat(4), { minLength: 60, maxLength: 60 }), fc.boolean(), (list, parts, turn) => {
        const groups = [0, 1, 2, 3, 4].map((part) => list.filter((_, i) => parts[i] === part));
        if (turn) groups.reverse();
        const merged = groups
          .map((group) => reservoirOf(group, SIZES))
          .reduce((a, b) => mergeReservoirs(a, b, SIZES), emptyReservoir);
        expect(merged).toEqual(reservoirOf(list, SIZES));
      }),
    );
  });

  it('shows no sample twice, strongest first, quarters in order', () => {
    fc.assert(
      fc.property(hits, (list) => {
        const intervals = intervalsOf(reservoirOf(list, SIZES), { top: 2, bin: 2 });
        const samples = intervals.flatMap((interval) => interval.hits.map((hit) => hit.sample));
        expect(new Set(samples).size).toBe(samples.length);
        const peaks = intervals.map((interval) => interval.hits[0]!.max);
        expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
      }),
    );
  });

  it('draws keys that are spread evenly', () => {
    const keys = Array.from({ length: 4000 }, (_, i) => hitKey(0, i % 40, Math.floor(i / 40)) / 2 ** 32);
    const counts = [0, 0, 0, 0];
    for (const key of keys) counts[Math.floor(key * 4)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(110);
    expect(new Set(keys).size).toBeGreaterThan(3990);
  });
});
