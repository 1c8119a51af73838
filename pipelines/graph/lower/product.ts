import { floatAttr, intAttr } from '../onnx/attributes.ts';
import { lastExchanged } from '../onnx/axes.ts';
import { numbersOf, rawBytes } from '../onnx/values.ts';
import { f32 } from '../tensor.ts';
import type { LowerContext, Lowering } from './kit.ts';
import { dequantise, type Quantised } from './nbits.ts';

/** The bytes of a constant input. */
function bytesOf(c: LowerContext, i: number): Uint8Array {
  const proto = c.graph.initializer(c.need(i)) ?? c.refuse(`input ${i} is not a constant`);
  return rawBytes(proto, c.graph.model.external) ?? Uint8Array.from(proto.int32Data);
}

const floatsOf = (c: LowerContext, i: number): Float32Array => {
  const tensor = c.graph.tensor(c.need(i)) ?? c.refuse(`input ${i} is not a constant`);
  return tensor.type === 'float32' ? (tensor.data as Float32Array) : Float32Array.from(numbersOf(tensor));
};

/** Zero points: packed bytes, or floats where they have the scales' type. */
function zeroPoints(c: LowerContext): Quantised['zeros'] {
  if (!c.input(3)) return undefined;
  const proto = c.graph.initializer(c.need(3));
  return proto?.dataType === 2 ? { packed: bytesOf(c, 3) } : { values: floatsOf(c, 3) };
}

/** A product with a weight of 2, 4 or 8 bits, which is unpacked once, as float32 `[K, N]`. */
const matmulNBits: Lowering = (c) => {
  const { node, tape } = c;
  if (c.input(4)) c.refuse('its columns are grouped by g_idx');
  const [rows, columns] = [intAttr(node, 'K', 0), intAttr(node, 'N', 0)];
  const bits = intAttr(node, 'bits', 4);
  if (![2, 4, 8].includes(bits)) c.refuse(`weights of ${bits} bits`);
  const zeros = zeroPoints(c);
  const weight = dequantise({
    rows,
    columns,
    bits,
    block: intAttr(node, 'block_size', 32),
    packed: bytesOf(c, 1),
    scales: floatsOf(c, 2),
    ...(zeros ? { zeros } : {}),
  });
  const product = tape.op('MatMul', [c.need(0), tape.constant(f32(weight, [rows, columns]))]);
  return { outputs: [c.input(5) ? tape.op('Add', [product, c.need(5)]) : product] };
};

/** Last two axes exchanged. */
function flip(c: LowerContext, x: string): string {
  const rank = c.tape.facts.shape(x)?.length ?? c.refuse(`the rank of "${x}" is unknown`);
  return c.tape.op('Transpose', [x], { perm: lastExchanged(rank) });
}

const fusedMatMul: Lowering = (c) => {
  const { node, tape } = c;
  if (intAttr(node, 'transBatchA', 0) || intAttr(node, 'transBatchB', 0)) c.refuse('it transposes a batch axis');
  const a = intAttr(node, 'transA', 0) ? flip(c, c.need(0)) : c.need(0);
  const b = intAttr(node, 'transB', 0) ? flip(c, c.need(1)) : c.need(1);
  const product = tape.op('MatMul', [a, b]);
  const alpha = floatAttr(node, 'alpha', 1);
  return { outputs: [alpha === 1 ? product : tape.op('Mul', [product, tape.scalar(alpha, product)])] };
};

/** Products of matrices. */
export const PRODUCTS: Readonly<Record<string, Lowering>> = {
  'com.microsoft:MatMulNBits': matmulNBits,
  'com.microsoft:FusedMatMul': fusedMatMul,
};
