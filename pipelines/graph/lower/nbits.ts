/** A block-quantised matrix as `MatMulNBits` stores it: `[columns, blocks, bytes of a block]`, low bits first. */
export interface Quantised {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  readonly block: number;
  readonly packed: Uint8Array;
  /** `[columns * blocks]` */
  readonly scales: Float32Array;
  /** Packed like the weights, each column from a whole byte on, or plain values. Absent: the middle of the range. */
  readonly zeros?: { readonly packed: Uint8Array } | { readonly values: Float32Array } | undefined;
}

/** The float32 matrix `[rows, columns]`: `(q - zero) * scale`. */
export function dequantise({ rows, columns, bits, block, packed, scales, zeros }: Quantised): Float32Array {
  const blocks = Math.ceil(rows / block);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const blockBytes = block / perByte;
  const zeroBytes = Math.ceil(blocks / perByte);
  const at = (bytes: Uint8Array, base: number, i: number) =>
    (bytes[base + Math.floor(i / perByte)]! >> (bits * (i % perByte))) & mask;
  const zeroOf = (column: number, b: number): number => {
    if (!zeros) return 2 ** (bits - 1);
    return 'packed' in zeros ? at(zeros.packed, column * zeroBytes, b) : zeros.values[column * blocks + b]!;
  };
  const out = new Float32Array(rows * columns);
  for (let column = 0; column < columns; column += 1)
    for (let b = 0; b < blocks; b += 1) {
      const scale = scales[column * blocks + b]!;
      const zero = zeroOf(column, b);
      const base = (column * blocks + b) * blockBytes;
      const end = Math.min(rows - b * block, block);
      for (let i = 0; i < end; i += 1) out[(b * block + i) * columns + column] = (at(packed, base, i) - zero) * scale;
    }
  return out;
}
