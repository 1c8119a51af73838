import { readFile, writeFile } from 'node:fs/promises';
import { ParallaxError } from '#pipelines/config/errors.ts';
import {
  parseSafetensors,
  type SafeTensor,
  type SafetensorsType,
  toNumbers,
  writeSafetensors,
} from '#release/safetensors.ts';

export type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array;

/** A named array on its way to disk. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Numbers;
}

const TYPES: readonly (readonly [new (length: number) => Numbers, SafetensorsType])[] = [
  [Float64Array, 'F64'],
  [Float32Array, 'F32'],
  [Int32Array, 'I32'],
  [Uint8Array, 'U8'],
];

/** A vector `[length]`. */
export const vector = (data: Numbers): NamedArray => ({ shape: [data.length], data });

/** Writes arrays in the order given; each keeps its element type. */
export async function writeArrays(path: string, arrays: Readonly<Record<string, NamedArray>>): Promise<void> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const dtype = TYPES.find(([Type]) => data instanceof Type)![1];
    tensors.set(name, {
      dtype,
      shape,
      bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
    });
  }
  await writeFile(path, writeSafetensors(tensors));
}

/** Arrays of a file by name, in double precision. */
export interface ArrayFile {
  has(name: string): boolean;
  shape(name: string): readonly number[];
  /** @throws ParallaxError where the file has no such array */
  get(name: string): Float64Array;
}

/** Opens a file that `writeArrays` made. */
export async function readArrays(path: string): Promise<ArrayFile> {
  const tensors = parseSafetensors(await readFile(path));
  const find = (name: string): SafeTensor => {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new ParallaxError(`${path}: the array "${name}" is missing`, 'run the stage that writes it again');
    return tensor;
  };
  return {
    has: (name) => tensors.has(name),
    shape: (name) => find(name).shape,
    get: (name) => toNumbers(find(name), Float64Array),
  };
}
