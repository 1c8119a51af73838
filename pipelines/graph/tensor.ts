/** Element types that the engine moves between JavaScript and a session, with the typed array that holds them. */
export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}
export type ElementType = keyof TypedArrays;

/** Constructor of the array that holds an element type: by length, or as a view of a buffer. */
export const ARRAY: {
  readonly [T in ElementType]: {
    new (length: number): TypedArrays[T];
    new (buffer: ArrayBuffer, at?: number, length?: number): TypedArrays[T];
  };
} = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** A dense row-major array. `float16` holds the 16-bit patterns, `bool` holds 0 and 1. */
export interface Tensor<T extends ElementType = ElementType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: TypedArrays[T];
}

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** A float32 tensor `[dims]` over `data` (copied only if it is not a Float32Array). */
export function f32(
  data: Float32Array | readonly number[],
  dims: readonly number[] = [data.length],
): Tensor<'float32'> {
  return {
    type: 'float32',
    dims,
    data: data instanceof Float32Array ? data : Float32Array.from(data),
  };
}

/** An int64 tensor `[dims]`. */
export function i64(data: BigInt64Array | readonly number[], dims: readonly number[] = [data.length]): Tensor<'int64'> {
  return {
    type: 'int64',
    dims,
    data: data instanceof BigInt64Array ? data : BigInt64Array.from(data, BigInt),
  };
}

/** A bool tensor `[dims]` of 0 and 1. */
export function bool(data: Uint8Array | readonly number[], dims: readonly number[] = [data.length]): Tensor<'bool'> {
  return {
    type: 'bool',
    dims,
    data: data instanceof Uint8Array ? data : Uint8Array.from(data),
  };
}
