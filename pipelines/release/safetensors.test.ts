import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReleaseError } from './errors.ts';
import {
  f32Tensor,
  parseSafetensors,
  type SafeTensor,
  safetensorsMetadata,
  toNumbers,
  writeSafetensors,
} from './safetensors.ts';

const file = writeSafetensors(
  new Map<string, SafeTensor>([
    ['a', f32Tensor(Float32Array.of(1, -2, 0.5), [3])],
    ['h', { dtype: 'F16', shape: [2], bytes: Uint8Array.of(0x00, 0x3c, 0x00, 0xc4) }],
    ['b', { dtype: 'BF16', shape: [1], bytes: Uint8Array.of(0x80, 0x3f) }],
    ['i', { dtype: 'I64', shape: [1, 1], bytes: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }],
  ]),
  { note: 'x' },
);

test('tensors and metadata come back, halves as the numbers they are', () => {
  const read = parseSafetensors(file);
  const numbers = (name: string) => [...toNumbers(read.get(name)!, Float64Array)];
  expect(numbers('a')).toEqual([1, -2, 0.5]);
  expect(numbers('h')).toEqual([1, -4]);
  expect(numbers('b')).toEqual([1]);
  expect(numbers('i')).toEqual([-1]);
  expect(safetensorsMetadata(file)).toEqual({ note: 'x' });
});

const total = (bytes: Uint8Array): void => {
  for (const read of [parseSafetensors, safetensorsMetadata])
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
    }
};
const withHeader = (header: string): Uint8Array => {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.byteLength + 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
};

test('no bytes and no header give anything but tensors or a ReleaseError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => total(bytes)));
  fc.assert(fc.property(fc.json(), (header) => total(withHeader(header))));
  fc.assert(
    fc.property(fc.nat(file.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = file.slice();
      damaged[at]! ^= flip;
      total(damaged);
    }),
  );
});

test.each([
  ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}', 'offsets'],
  ['{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 'unreadable'],
  ['{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,4]}}', 'unreadable'],
  ['{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', 'offsets'],
  ['{"__metadata__":{"x":1}}', 'metadata'],
  ['[]', 'object'],
])('refuses %s', (header, message) => {
  expect(() => [parseSafetensors(withHeader(header)), safetensorsMetadata(withHeader(header))]).toThrow(message);
});
