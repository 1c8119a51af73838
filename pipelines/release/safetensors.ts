import { ReleaseError } from './errors.ts';

/** The safetensors format: 8 bytes header length, a JSON header, then raw little-endian data. */
export const SAFETENSORS_TYPES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type SafetensorsType = keyof typeof SAFETENSORS_TYPES;

export interface SafeTensor {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Raw little-endian bytes. */
  readonly bytes: Uint8Array;
}

interface Entry {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const areSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
/** Checked by hand and not by zod: this file is part of what a browser loads. */
const isEntry = (value: unknown): value is Entry =>
  isRecord(value) &&
  typeof value['dtype'] === 'string' &&
  Object.hasOwn(SAFETENSORS_TYPES, value['dtype']) &&
  areSizes(value['shape']) &&
  areSizes(value['data_offsets']) &&
  value['data_offsets'].length === 2;

const MAX_HEADER = 100_000_000;
const bad = (what: string) => new ReleaseError('malformed', `safetensors: ${what}`, 'write or download the file again');

/** The JSON header and where the data begins. */
function readHeader(file: Uint8Array): { header: Record<string, unknown>; data: number } {
  if (file.byteLength < 8) throw bad('shorter than its 8-byte header length');
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > file.byteLength)
    throw bad(`header of ${length} bytes does not fit into ${file.byteLength}`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length));
    const header: unknown = JSON.parse(text);
    if (isRecord(header)) return { header, data: 8 + length };
    throw bad('the header is not an object');
  } catch (cause) {
    if (cause instanceof ReleaseError) throw cause;
    throw new ReleaseError('malformed', 'safetensors: the header is not JSON', 'write or download the file again', {
      cause,
    });
  }
}

/** The free text of a file's header; `{}` where it has none. Throws `ReleaseError` on any byte that does not fit. */
export function safetensorsMetadata(file: Uint8Array): Record<string, string> {
  const metadata = readHeader(file).header['__metadata__'] ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === 'string'))
    throw bad('its metadata is not a record of texts');
  return metadata as Record<string, string>;
}

/** Reads tensors by name, zero-copy. Throws `ReleaseError` on any byte that does not fit. */
export function parseSafetensors(file: Uint8Array): Map<string, SafeTensor> {
  const { header, data: start } = readHeader(file);
  const tensors = new Map<string, SafeTensor>();
  const data = file.subarray(start);
  for (const [name, raw] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isEntry(raw)) throw bad(`tensor "${name}" has an unreadable entry`);
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = raw;
    const bytes = shape.reduce((a, b) => a * b, 1) * SAFETENSORS_TYPES[dtype];
    if (to > data.byteLength || to - from !== bytes)
      throw bad(`tensor "${name}" of ${bytes} bytes has offsets ${from}..${to} in ${data.byteLength}`);
    tensors.set(name, { dtype, shape, bytes: data.subarray(from, to) });
  }
  return tensors;
}

/** Writes tensors in the order given, offsets aligned to 8 bytes. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = {
      dtype,
      shape,
      data_offsets: [offset, offset + bytes.byteLength],
    };
    offset += bytes.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  let at = 8 + padded;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}

const halfToFloat = (h: number): number => {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** Element readers by type, for conversion to numbers. */
const READ: Record<SafetensorsType, (view: DataView, at: number) => number> = {
  F64: (v, at) => v.getFloat64(at, true),
  F32: (v, at) => v.getFloat32(at, true),
  F16: (v, at) => halfToFloat(v.getUint16(at, true)),
  BF16: (v, at) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setUint32(0, v.getUint16(at, true) << 16);
    return word.getFloat32(0);
  },
  I64: (v, at) => Number(v.getBigInt64(at, true)),
  I32: (v, at) => v.getInt32(at, true),
  I16: (v, at) => v.getInt16(at, true),
  I8: (v, at) => v.getInt8(at),
  U8: (v, at) => v.getUint8(at),
  BOOL: (v, at) => v.getUint8(at),
};

/** Elements as numbers in a Float64Array or Float32Array, whatever the type stored. */
export function toNumbers<A extends Float64Array | Float32Array>(
  tensor: SafeTensor,
  Out: new (length: number) => A,
): A {
  const { dtype, bytes } = tensor;
  const size = SAFETENSORS_TYPES[dtype];
  if (dtype === 'F32' && (Out as unknown) === Float32Array) return new Float32Array(new Uint8Array(bytes).buffer) as A;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Out(bytes.byteLength / size);
  for (let i = 0; i < out.length; i += 1) out[i] = READ[dtype](view, i * size);
  return out;
}

/** A float32 tensor over `data`, shape as given. */
export const f32Tensor = (data: Float32Array, shape: readonly number[]): SafeTensor => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
});
