import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBody } from './read-body.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A stream that fills what it is handed. */
const filling = (pieces: readonly Bytes[]): ReadableStream<Bytes> => {
  const left = [...pieces];
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const piece = left.shift();
      if (piece) return controller.enqueue(piece.slice());
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
};
/** One that chooses the size of its pieces itself. */
const choosing = (pieces: readonly Bytes[]): ReadableStream<Bytes> => {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece) controller.enqueue(piece.slice());
      else controller.close();
    },
  });
};

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 12 });

test('a body comes back up to its limit, whatever its pieces and whatever was expected', async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.constantFrom(filling, choosing),
      fc.nat(300),
      fc.integer({ min: 1, max: 300 }),
      async (given, stream, limit, expected) => {
        const all = given.flatMap((piece) => [...piece]);
        expect([...(await readBody(stream(given as Bytes[]), limit, expected))]).toEqual(all.slice(0, limit));
      },
    ),
  );
});

test('beyond what is expected memory is that of what came', async () => {
  const piece = await readBody(filling([Uint8Array.of(1, 2, 3)]), 1e12);
  expect([piece.byteLength, piece.buffer.byteLength]).toEqual([3, 3]);
});

test('no body has no bytes', async () => {
  expect(await readBody(null, 10)).toEqual(new Uint8Array());
});
