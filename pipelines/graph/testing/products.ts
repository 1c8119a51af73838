import type { GraphBuilder } from '../onnx/build.ts';
import { f32, type Tensor } from '../tensor.ts';
import { type DecoderStyle, SIZES } from './style.ts';

/** Rows of a matrix that share a scale. */
const BLOCK = 16;

/**
 * `x w` with the weights rounded to integers in blocks: as `MatMulNBits` of packed bytes in a fused graph, as the floats that the
 * integers stand for in any other. Both are the same model.
 */
export function byStoredBits(
  g: GraphBuilder,
  x: string,
  { dims, data }: Tensor<'float32'>,
  bits: 4 | 8,
  ops: DecoderStyle['ops'],
): string {
  const [rows, columns] = dims as [number, number];
  const blocks = Math.ceil(rows / BLOCK);
  const zero = 2 ** (bits - 1);
  const floats = new Float32Array(data.length);
  const scales = new Float32Array(columns * blocks);
  const bytes = new Uint8Array((columns * blocks * BLOCK * bits) / 8);
  for (let n = 0; n < columns; n += 1)
    for (let b = 0; b < blocks; b += 1) {
      const inside = Array.from({ length: BLOCK }, (_, i) => b * BLOCK + i).filter((k) => k < rows);
      const largest = inside.reduce((m, k) => Math.max(m, Math.abs(data[k * columns + n]!)), 1e-6);
      const scale = Math.fround(largest / (zero - 1));
      scales[n * blocks + b] = scale;
      for (const k of inside) {
        const whole = Math.round(data[k * columns + n]! / scale);
        floats[k * columns + n] = whole * scale;
        const at = (n * blocks + b) * BLOCK + (k - b * BLOCK);
        if (bits === 8) bytes[at] = whole + zero;
        else bytes[at >> 1]! |= (whole + zero) << (4 * (at & 1));
      }
    }
  if (ops !== 'fused') return g.op('MatMul', [x, g.constant(f32(floats, dims))]);
  const packed = g.constant({ type: 'uint8', dims: [columns, blocks, (BLOCK * bits) / 8], data: bytes });
  const attributes = { K: rows, N: columns, bits, block_size: BLOCK };
  return g.op('MatMulNBits', [x, packed, g.constant(f32(scales))], attributes, 'com.microsoft');
}

type Linear = (x: string, from: number, to: number) => string;
type Mlp = (g: GraphBuilder, ops: DecoderStyle['ops'], x: string, linear: Linear) => string;

const scalar = (g: GraphBuilder, x: number) => g.constant(f32([x], []));

/** MLPs by their nonlinearity; `silu` is gated (Llama). */
export const MLPS = {
  relu: (g, _, x, linear) => linear(g.op('Relu', [linear(x, SIZES.dModel, SIZES.hidden)]), SIZES.hidden, SIZES.dModel),
  silu: (g, _, x, linear) => {
    const gate = linear(x, SIZES.dModel, SIZES.hidden);
    const up = linear(x, SIZES.dModel, SIZES.hidden);
    const hidden = g.op('Mul', [g.op('Mul', [gate, g.op('Sigmoid', [gate])]), up]);
    return linear(hidden, SIZES.hidden, SIZES.dModel);
  },
  gelu: (g, ops, x, linear) => {
    const h = linear(x, SIZES.dModel, SIZES.hidden);
    if (ops === 'fused') return linear(g.op('Gelu', [h], {}, 'com.microsoft'), SIZES.hidden, SIZES.dModel);
    const erf = g.op('Erf', [g.op('Div', [h, scalar(g, Math.SQRT2)])]);
    const half = g.op('Mul', [h, g.op('Add', [erf, scalar(g, 1)])]);
    return linear(g.op('Mul', [half, scalar(g, 0.5)]), SIZES.hidden, SIZES.dModel);
  },
} as const satisfies Record<NonNullable<DecoderStyle['mlp']>, Mlp>;
