import { describe, expect, it } from 'vitest';
import { dab, discStamp, press } from './stamp.ts';

const blank = (side: number) =>
  ({ width: side, height: side, data: new Uint8ClampedArray(4 * side * side) }) as unknown as ImageData;

describe('stamp', () => {
  it('covers as much as the disc it stands for', () => {
    const { coverage } = discStamp(3);
    expect(coverage.reduce((a, b) => a + b, 0)).toBeCloseTo(Math.PI * 9, 0);
  });
  it('lies over what was there by the usual rule', () => {
    const image = blank(1);
    const full = { side: 1, coverage: Float32Array.of(1) };
    press(image, full, 0, 0, [200, 0, 0], 0.5);
    expect([...image.data]).toEqual([200, 0, 0, 128]);
    press(image, full, 0, 0, [0, 100, 0], 1);
    expect([...image.data]).toEqual([0, 100, 0, 255]);
  });
  it('is cut at the edge', () => {
    const image = blank(2);
    press(image, discStamp(2), 0, 0, [9, 9, 9], 1);
    press(image, discStamp(2), -9, 40, [9, 9, 9], 1);
    expect(image.data[3]).toBe(255);
  });
  it('writes a pixel as the bytes red, green, blue, alpha', () => {
    expect([...new Uint8Array(Uint32Array.of(dab([1, 2, 3], 0.8)).buffer)]).toEqual([1, 2, 3, 204]);
  });
});
