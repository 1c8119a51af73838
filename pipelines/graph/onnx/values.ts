import type { TensorProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { ARRAY, type ElementType, sizeOf, type Tensor, type TypedArrays } from '../tensor.ts';
import { ONNX_TYPE } from './build.ts';

/** Reads bytes of an external data file. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

/** Bits of one element by ONNX type code. Absent: strings and complex numbers, which no decoder stores. */
export const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
};
const BFLOAT16 = 16;

const TYPE_OF_CODE = new Map(Object.entries(ONNX_TYPE).map(([type, code]) => [code, type as ElementType]));

const malformed = (message: string) => new GraphError('malformed', message, 'export or download the file again');

/** The engine's element type of an ONNX type code, if it moves that type; bfloat16 counts as float32. */
export const elementType = (code: number): ElementType | undefined =>
  code === BFLOAT16 ? 'float32' : TYPE_OF_CODE.get(code);

export const shapeOf = (proto: TensorProto): number[] => proto.dims.map(Number);

/** Bytes that a tensor of this shape and type takes. Throws `GraphError` on a negative or absurd shape. */
export function byteSize(proto: TensorProto): number {
  const bits = ELEMENT_BITS[proto.dataType];
  if (bits === undefined)
    throw new GraphError(
      'unsupported',
      `tensor "${proto.name}" has element type ${proto.dataType}, which no decoder needs`,
      'export the model with float or integer weights',
    );
  const dims = shapeOf(proto);
  const size = sizeOf(dims);
  if (dims.some((d) => d < 0) || !(size <= Number.MAX_SAFE_INTEGER / 8))
    throw malformed(`tensor "${proto.name}" has the impossible shape [${dims}]`);
  return Math.ceil((size * bits) / 8);
}

export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Where an external tensor's bytes lie; undefined for a tensor stored inside. Throws `GraphError` on a broken entry. */
export function externalRange(proto: TensorProto): ExternalRange | undefined {
  if (proto.dataLocation !== 1) return undefined;
  const entry = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entry.get('location') ?? '';
  const expected = byteSize(proto);
  const offset = Number(entry.get('offset') ?? 0);
  const length = Number(entry.get('length') ?? expected);
  if (!location || !Number.isSafeInteger(offset) || offset < 0 || length !== expected)
    throw malformed(
      `external tensor "${proto.name}" of ${expected} bytes names location "${location}", offset ${offset}, length ${length}`,
    );
  return { location, offset, length };
}

/** Raw little-endian bytes of a tensor, zero-copy for `raw_data`; undefined where it uses a typed field. */
export function rawBytes(proto: TensorProto, external?: ReadExternal): Uint8Array | undefined {
  const range = externalRange(proto);
  if (range) {
    if (!external)
      throw new GraphError(
        'argument',
        `tensor "${proto.name}" lies in the file "${range.location}"`,
        'open the model by its path, not its bytes',
      );
    return external(range.location, range.offset, range.length);
  }
  return proto.rawData.byteLength > 0 || byteSize(proto) === 0 ? proto.rawData : undefined;
}

const fromTyped = (proto: TensorProto, type: ElementType): TypedArrays[ElementType] => {
  if (type === 'float32') return Float32Array.from(proto.floatData);
  if (type === 'float64') return Float64Array.from(proto.doubleData);
  if (type === 'int64') return BigInt64Array.from(proto.int64Data);
  const Small = { float16: Uint16Array, int32: Int32Array, int8: Int8Array, uint8: Uint8Array, bool: Uint8Array }[type];
  return Small.from(proto.int32Data);
};

/** bfloat16 patterns as the float32 values that they stand for. */
const widen = (patterns: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(patterns, (p) => p << 16).buffer);

/** A tensor's elements; zero-copy where the bytes are stored raw and aligned. Throws `GraphError`. */
export function tensorValue(proto: TensorProto, external?: ReadExternal): Tensor {
  const type = elementType(proto.dataType);
  if (!type)
    throw new GraphError(
      'unsupported',
      `tensor "${proto.name}" has element type ${proto.dataType}`,
      'export the model with float or integer weights',
    );
  const dims = shapeOf(proto);
  const expected = byteSize(proto);
  const raw = rawBytes(proto, external);
  const bf16 = proto.dataType === BFLOAT16;
  if (raw) {
    if (raw.byteLength !== expected)
      throw malformed(`tensor "${proto.name}" of shape [${dims}] has ${raw.byteLength} bytes instead of ${expected}`);
    const Stored = bf16 ? Uint16Array : ARRAY[type];
    const size = bf16 ? 2 : ELEMENT_BITS[proto.dataType]! / 8;
    // not slice(): of a Buffer that is no copy
    const aligned = raw.byteOffset % size === 0 ? raw : new Uint8Array(raw);
    const data = new Stored(aligned.buffer as ArrayBuffer, aligned.byteOffset, expected / size);
    return { type, dims, data: bf16 ? widen(data as Uint16Array) : data };
  }
  const data = bf16 ? widen(Uint16Array.from(proto.int32Data)) : fromTyped(proto, type);
  if (data.length !== sizeOf(dims))
    throw malformed(`tensor "${proto.name}" of shape [${dims}] has ${data.length} elements`);
  return { type, dims, data };
}

/** A float16 pattern's value. */
export function halfToNumber(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Elements as JavaScript numbers (int64 beyond 2^53 are rounded). */
export function numbersOf(tensor: Tensor): number[] {
  if (tensor.type === 'float16') return Array.from(tensor.data as Uint16Array, halfToNumber);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** The float16 pattern nearest to a value, ties to even. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  if (x >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(x || 2 ** -24)));
  const ulp = 2 ** (exponent - 10);
  const floor = Math.floor(x / ulp);
  const rest = x / ulp - floor;
  const units = floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
  // normal or subnormal, the units of a binade count on from the patterns below it, so a carry lands right
  return sign | (units + (exponent + 14) * 1024);
}
