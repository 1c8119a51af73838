import { ReleaseError } from './errors.ts';
import type { Scalar } from './scalars.ts';
import type { Column, ColumnType } from './schema/columns.ts';
import type { Feature } from './schema/feature.ts';

export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Float32Array;
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
/** The element that stands for "no value". */
export const MISSING: Record<ColumnType, number> = { u8: 255, u16: 65_535, u32: 4_294_967_295, f32: Number.NaN };

/** A column in memory: one element a feature, in order of layer and index. */
export interface ColumnData {
  readonly column: Column;
  readonly data: ColumnArray;
}

/** Value of a feature, null where it has none. */
export function columnValue({ column, data }: ColumnData, ordinal: number): number | null {
  const value = data[ordinal];
  return value === undefined || Number.isNaN(value) || (column.type !== 'f32' && value === MISSING[column.type])
    ? null
    : value;
}

/** Little-endian view of a column's bytes, copied only where they do not lie on an element's boundary. */
export function decodeColumn(column: Column, count: number, bytes: Uint8Array): ColumnData {
  const Kind = ARRAYS[column.type];
  if (bytes.byteLength !== count * Kind.BYTES_PER_ELEMENT)
    throw new ReleaseError(
      'malformed',
      `column ${column.name}: ${bytes.byteLength} bytes for ${count} features`,
      'run `parallax verify` on the release',
    );
  const aligned = bytes.byteOffset % Kind.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return { column, data: new Kind(aligned.buffer as ArrayBuffer, aligned.byteOffset, count) };
}

/** Collects one scalar of every feature. */
export class ColumnBuilder {
  readonly scalar: Scalar;
  readonly data: ColumnArray;
  #at = 0;
  constructor(scalar: Scalar, count: number) {
    this.scalar = scalar;
    this.data = new ARRAYS[scalar.type](count).fill(MISSING[scalar.type]);
  }
  add(feature: Feature): void {
    const value = this.scalar.of(feature);
    if (value !== null) this.data[this.#at] = value;
    this.#at += 1;
  }
  finish(): ColumnData {
    const { of: _, values, ...rest } = this.scalar;
    const column: Column = { ...rest, values: values && [...values], min: null, max: null, missing: 0 };
    for (let i = 0; i < this.data.length; i += 1) {
      const value = columnValue({ column, data: this.data }, i);
      if (value === null) column.missing += 1;
      else {
        column.min = column.min === null ? value : Math.min(column.min, value);
        column.max = column.max === null ? value : Math.max(column.max, value);
      }
    }
    return { column, data: this.data };
  }
}

/** Little-endian bytes of a typed array (every platform that runs JavaScript today is little-endian). */
export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
