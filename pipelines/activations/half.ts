const bits = new Uint32Array(1);
const real = new Float32Array(bits.buffer);

const smallest = 2 ** -24;

function decodeOne(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * smallest;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Every float16 pattern as a number: one look-up a value, 256 KiB. */
const DECODE = Float32Array.from({ length: 65536 }, (_, h) => decodeOne(h));

/** float16 patterns as float32, exactly. */
export function decodeHalf(source: Uint16Array, target = new Float32Array(source.length)): Float32Array {
  for (let i = 0; i < source.length; i += 1) target[i] = DECODE[source[i]!]!;
  return target;
}

/**
 * float32 as float16 patterns, rounded to nearest, ties to even (IEEE 754). A finite value beyond 65504 becomes infinite.
 * Normal numbers round by adding half a unit in the last place to the pattern; small ones by adding 0.5, whose unit is 2^-24.
 */
export function encodeHalf(source: Float32Array, target = new Uint16Array(source.length)): Uint16Array {
  for (let i = 0; i < source.length; i += 1) {
    real[0] = source[i]!;
    const sign = (bits[0]! >>> 16) & 0x8000;
    const magnitude = bits[0]! & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) half = 0x7e00;
    else if (magnitude >= 0x47800000) half = 0x7c00;
    else if (magnitude >= 0x38800000) half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    else {
      bits[0] = magnitude;
      real[0] = real[0]! + 0.5;
      half = bits[0]! - 0x3f000000;
    }
    target[i] = sign | half;
  }
  return target;
}
