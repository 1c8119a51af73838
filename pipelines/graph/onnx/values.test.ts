import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { expect, it } from 'vitest';
import { byteSize, halfToNumber, numbersOf, numberToHalf, tensorValue } from './values.ts';

it('every float16 survives the way to a number and back', () => {
  for (let h = 0; h < 65_536; h += 1) {
    const x = halfToNumber(h);
    if (Number.isNaN(x)) expect(numberToHalf(x)).toBe(0x7e00);
    else expect(numberToHalf(x)).toBe(h);
  }
});

it('rounds to the nearest float16, ties to even', () => {
  // 1 + 2^-11 lies between 1 and 1 + 2^-10; 2049 between 2048 and 2050; 2^-25 between 0 and 2^-24
  expect(
    [1 + 2 ** -11, 1 + 3 * 2 ** -11, 2049, 2051, 2 ** -25, 3 * 2 ** -25, 65_519, 65_520].map((x) =>
      halfToNumber(numberToHalf(x)),
    ),
  ).toEqual([1, 1 + 2 ** -9, 2048, 2052, 0, 2 ** -23, 65_504, Number.POSITIVE_INFINITY]);
});

it('reads typed fields, raw bytes at odd offsets, and bfloat16', () => {
  const make = (init: object) => create(TensorProtoSchema, { name: 't', ...init });
  expect(numbersOf(tensorValue(make({ dims: [2n], dataType: 1, floatData: [1.5, -2] })))).toEqual([1.5, -2]);
  expect(numbersOf(tensorValue(make({ dims: [2n], dataType: 7, int64Data: [3n, -4n] })))).toEqual([3, -4]);
  expect(numbersOf(tensorValue(make({ dims: [2n], dataType: 10, int32Data: [0x3c00, 0xc000] })))).toEqual([1, -2]);
  expect(numbersOf(tensorValue(make({ dims: [2n], dataType: 9, int32Data: [1, 0] })))).toEqual([1, 0]);
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat32(1, 0.25, true);
  new DataView(bytes.buffer).setFloat32(5, 8, true);
  expect(numbersOf(tensorValue(make({ dims: [2n], dataType: 1, rawData: bytes.subarray(1) })))).toEqual([0.25, 8]);
  expect(tensorValue(make({ dims: [1n], dataType: 16, rawData: Uint8Array.of(0x80, 0x3f) }))).toEqual({
    type: 'float32',
    dims: [1],
    data: Float32Array.of(1),
  });
  expect(byteSize(make({ dims: [3n, 3n], dataType: 22 }))).toBe(5);
  expect(() => tensorValue(make({ dims: [3n], dataType: 1, floatData: [1] }))).toThrow(/has 1 elements/);
});
