/** Bytes whose place in their buffer is a multiple of four, copied where it is not: what a view of words needs. */
export const aligned = <T extends Uint8Array | Int8Array>(bytes: T): T =>
  bytes.byteOffset % 4 === 0 ? bytes : (bytes.slice() as T);
