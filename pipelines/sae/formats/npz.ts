import { ParallaxError } from '#pipelines/config/errors.ts';
import type { SafeTensor, SafetensorsType } from '#release/safetensors.ts';
import { unzip } from './unzip.ts';

const bad = (what: string, cause?: unknown) =>
  new ParallaxError(`dictionary npz: ${what}`, 'download the file again', { cause });

/** NumPy's type strings that a dictionary may have, little-endian only. */
const TYPES: Readonly<Record<string, SafetensorsType>> = {
  '<f2': 'F16',
  '<f4': 'F32',
  '<f8': 'F64',
  '<i4': 'I32',
  '<i8': 'I64',
};
const SIZE: Readonly<Record<string, number>> = { F16: 2, F32: 4, F64: 8, I32: 4, I64: 8 };

/** Reads one `.npy` member: magic, header length, a Python literal, raw data in C order. */
export function parseNpy(name: string, bytes: Uint8Array): SafeTensor {
  if (bytes.length < 12 || new TextDecoder('latin1').decode(bytes.subarray(1, 6)) !== 'NUMPY')
    throw bad(`${name} is not an npy array`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const from = wide ? 12 : 10;
  const to = from + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (to > bytes.length) throw bad(`${name} ends within its header`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(from, to));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (!/'fortran_order':\s*False/.test(header)) throw bad(`${name} is not in C order`);
  const dtype = descr !== undefined && Object.hasOwn(TYPES, descr) ? TYPES[descr] : undefined;
  if (!dtype || dims === undefined) throw bad(`${name} has type ${descr ?? 'none'}, a little-endian number expected`);
  const shape = dims
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
    .map(Number);
  const data = bytes.subarray(to);
  if (data.length !== shape.reduce((a, b) => a * b, SIZE[dtype]!))
    throw bad(`${name} has ${data.length} bytes of data`);
  return { dtype, shape, bytes: data };
}

/** Arrays of a NumPy archive, stored or deflated, by name. Throws `ParallaxError` on bytes that do not fit. */
export function parseNpz(bytes: Uint8Array): Map<string, SafeTensor> {
  let members: Record<string, Uint8Array>;
  try {
    members = unzip(bytes);
  } catch (cause) {
    throw bad('not a zip archive', cause);
  }
  return new Map(
    Object.entries(members)
      .filter(([name]) => name.endsWith('.npy'))
      .map(([name, data]) => [name.slice(0, -4), parseNpy(name, data)]),
  );
}
