import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Bytes, sha256Hex, toHex } from './sha256.ts';

const reference = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

test('the FIPS 180-4 vector "abc"', () => {
  expect(toHex(sha256Bytes(new TextEncoder().encode('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('agrees with the platform at every padding length, and on views', () => {
  const all = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255);
  for (let n = 0; n < 260; n += 1)
    expect(toHex(sha256Bytes(all.subarray(3, 3 + n)))).toBe(reference(all.subarray(3, 3 + n)));
});

test('agrees with the platform on any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (data) => {
      expect(await sha256Hex(data)).toBe(reference(data));
    }),
  );
  const large = new Uint8Array(100_000).fill(3);
  expect(await sha256Hex(large)).toBe(reference(large));
});
