import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteCache } from './cache.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { ReleaseError } from './errors.ts';
import { decodeMap, encodeMap, principalPlane, project } from './layout.ts';
import { Bits } from './search/bits.ts';
import { encodeBlock, readBlock } from './search/postings.ts';
import { compareTerms } from './search/text.ts';
import { encodeShard, readShardHeader, readShardRecord } from './shard.ts';

const records = fc.array(
  fc.option(fc.uint8Array({ maxLength: 200 }).map((b) => (b.length === 0 ? Uint8Array.of(0) : b))),
  { minLength: 1, maxLength: 8 },
);

/** Nothing but a `ReleaseError` may come out of bytes that do not fit. */
const total = (read: () => void): void => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
  }
};

test('a shard gives back every record, and null where there was none', () => {
  fc.assert(
    fc.property(records, fc.nat(1000), (given, first) => {
      const file = encodeShard(first, given);
      const entryOf = readShardHeader('x', file, { first, count: given.length, bytes: file.byteLength });
      for (const [i, record] of given.entries()) {
        const entry = entryOf(i);
        expect(entry && readShardRecord('x', entry, file.subarray(entry.offset, entry.offset + entry.stored))).toEqual(
          record,
        );
      }
      expect([entryOf(-1), entryOf(given.length)]).toEqual([null, null]);
    }),
  );
});

test('a damaged shard gives the record as it was, or a ReleaseError', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
      const file = encodeShard(0, given);
      file[at % file.byteLength]! ^= flip;
      total(() => {
        const entryOf = readShardHeader('x', file, { first: 0, count: given.length, bytes: file.byteLength });
        for (const [i] of given.entries())
          total(() => {
            const entry = entryOf(i);
            if (entry)
              expect(readShardRecord('x', entry, file.subarray(entry.offset, entry.offset + entry.stored))).toEqual(
                given[i],
              );
          });
      });
    }),
    { numRuns: 300 },
  );
});

test('a record that unpacks to more than it says is stopped', () => {
  const file = encodeShard(0, [new Uint8Array(5_000_000)]);
  const entry = readShardHeader('x', file, { first: 0, count: 1, bytes: file.byteLength })(0);
  const packed = file.subarray(entry!.offset, entry!.offset + entry!.stored);
  expect(() => readShardRecord('x', { ...entry!, raw: 1000 }, packed)).toThrow('unpacks to more');
});

const postings = fc
  .uniqueArray(fc.record({ term: fc.string({ maxLength: 8 }), ranks: fc.uniqueArray(fc.nat(999), { minLength: 1 }) }), {
    selector: (t) => t.term,
    maxLength: 6,
  })
  .map((terms) =>
    terms
      .map(({ term, ranks }) => ({ term: term.toWellFormed(), ranks: Uint32Array.from(ranks).sort() }))
      .sort((a, b) => compareTerms(a.term, b.term)),
  );

test('posting lists come back', () => {
  fc.assert(
    fc.property(postings, (terms) => {
      const read = readBlock(encodeBlock(terms)).map((view) => {
        const ranks: number[] = [];
        view.each(1000, (rank) => ranks.push(rank));
        return { term: view.term, ranks: Uint32Array.from(ranks) };
      });
      expect(read).toEqual(terms);
    }),
  );
});

test('no bytes break the reader of posting lists, and no rank leaves the release', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        postings.map((t) => encodeBlock(t)),
      ),
      fc.nat(),
      fc.nat(255),
      (bytes, at, flip) => {
        const damaged = bytes.slice();
        if (damaged.length > 0) damaged[at % damaged.length]! ^= flip;
        total(() => {
          for (const view of readBlock(damaged)) total(() => view.each(50, (rank) => expect(rank).toBeLessThan(50)));
        });
      },
    ),
    { numRuns: 2000 },
  );
});

test('a cursor is read by the query that made it, and by no other', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      (scope, other, position) => {
        const cursor = encodeCursor(scope, position);
        expect(decodeCursor(scope, cursor, position.length)).toEqual(position);
        expect(decodeCursor(scope, cursor, position.length + 1)).toBeNull();
        if (scope !== other) expect(decodeCursor(other, cursor, position.length)).toBeNull();
      },
    ),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), (text) => {
      expect(decodeCursor('scope', text, 1)).toBeNull();
    }),
  );
});

test('bit sets agree with sets', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.nat(199)),
      fc.array(fc.nat(199)),
      fc.nat(199),
      fc.nat(20),
      (n, a, b, from, limit) => {
        const [x, y] = [new Bits(n), new Bits(n)];
        const [s, t] = [new Set(a.filter((i) => i < n)), new Set(b.filter((i) => i < n))];
        for (const i of s) x.add(i);
        for (const i of t) y.add(i);
        x.and(y);
        const both = [...s].filter((i) => t.has(i)).sort((p, q) => p - q);
        expect(x.size).toBe(both.length);
        expect(x.from(from, limit)).toEqual(both.filter((i) => i >= from).slice(0, limit));
        expect(Bits.full(n).from(0, n + 1)).toHaveLength(n);
      },
    ),
  );
});

test('the plane of points on a line through a tilted plane is that plane', () => {
  // Points a (3, 4, 0)/5 + b (0, 0, 1) with a of larger spread: the axes are those two directions.
  const rows: number[] = [];
  for (let i = -10; i <= 10; i += 1) for (const b of [-1, 1]) rows.push(0.6 * i + 7, 0.8 * i, b);
  const { axes } = principalPlane(Float32Array.from(rows), 3);
  for (const [i, v] of [0.6, 0.8, 0].entries()) expect(axes[0][i]).toBeCloseTo(v, 6);
  for (const [i, v] of [0, 0, 1].entries()) expect(axes[1][i]).toBeCloseTo(v, 6);
  const xy = project(principalPlane(Float32Array.from(rows), 3), Float32Array.of(7, 0, 0.5));
  expect(xy[0]).toBeCloseTo(0, 5);
  expect(xy[1]).toBeCloseTo(0.5, 5);
});

test('map coordinates come back within one part in 65535', () => {
  const xy = Float64Array.of(-2, 1, 0, 0.5, 2, -1);
  const { x, y } = decodeMap(new Uint8Array(encodeMap(xy).buffer), 3);
  for (const [i, v] of [-1, 0, 1].entries()) expect(x[i]).toBeCloseTo(v, 4);
  for (const [i, v] of [0.5, 0.25, -0.5].entries()) expect(y[i]).toBeCloseTo(v, 4);
});

test('the cache never holds more than its limit and drops what was read longest ago', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  cache.get('a');
  cache.set('c', 3, 4);
  cache.set('d', 4, 11);
  expect(['a', 'b', 'c', 'd'].map((k) => cache.get(k))).toEqual([1, undefined, 3, undefined]);
});
