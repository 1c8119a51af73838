import { intAttr, intsAttr, stringAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import { div, mul } from '../dim.ts';
import { broadcastShapes, list, one, type Shape, type ShapeRule } from './kit.ts';

const matmul: ShapeRule = (node, facts) => {
  const a = facts.shape(node.input[0]!);
  const b = facts.shape(node.input[1]!);
  if (!a || !b) return undefined;
  const flip = (s: Shape, attribute: string): Shape =>
    intAttr(node, attribute, 0) === 1 && s.length > 1 ? [...s.slice(0, -2), s.at(-1)!, s.at(-2)!] : s;
  const [x, y] = [flip(a, 'transA'), flip(b, 'transB')];
  const batch = broadcastShapes(facts, [x.slice(0, -2), y.slice(0, -2)])!;
  return one([...batch, ...(x.length > 1 ? [x.at(-2)!] : []), ...(y.length > 1 ? [y.at(-1)!] : [])]);
};

const gemm: ShapeRule = (node, facts) => {
  const [a, b] = [facts.shape(node.input[0]!), facts.shape(node.input[1]!)];
  if (!a || !b) return undefined;
  return one([a[intAttr(node, 'transA', 0) ? 1 : 0]!, b[intAttr(node, 'transB', 0) ? 0 : 1]!]);
};

/** Fused attention: the output is as wide as the queries. */
const attention: ShapeRule = (node, facts) => {
  const q = facts.shape(node.input[0]!);
  if (node.domain === '' && q?.length === 4)
    return one([...q.slice(0, 3), facts.shape(node.input[2]!)?.at(-1) ?? facts.fresh()]);
  if (q?.length === 5) return one([q[0]!, q[1]!, mul(q[2]!, q[4]!)]);
  if (q?.length !== 3) return undefined;
  const heads = intAttr(node, 'num_heads', 0);
  const packed = node.opType === 'GroupQueryAttention' && !node.input[1];
  if (packed)
    return one([
      q[0]!,
      q[1]!,
      mul(heads, div(q[2]!, heads + 2 * intAttr(node, 'kv_num_heads', heads)) ?? facts.fresh()),
    ]);
  if (node.opType !== 'Attention' || node.domain === '') return one(q);
  const sizes = intsAttr(node, 'qkv_hidden_sizes');
  const all = facts.shape(node.input[1]!)?.at(-1);
  return one([q[0]!, q[1]!, sizes?.[2] ?? (all === undefined ? undefined : div(all, 3)) ?? facts.fresh()]);
};

const skipNorm: ShapeRule = (node, facts) => {
  const x = broadcastShapes(facts, [facts.shape(node.input[0]!), facts.shape(node.input[1]!)]);
  return { shapes: [x, undefined, undefined, x] };
};

const nbits: ShapeRule = (node, facts) => {
  const x = facts.shape(node.input[0]!);
  return x && one([...x.slice(0, -1), intAttr(node, 'N', 0)]);
};

const einsum: ShapeRule = (node, facts) => {
  const [left = '', right] = stringAttr(node, 'equation', '').replaceAll(' ', '').split('->');
  const sizes = new Map<string, Dim>();
  left.split(',').forEach((part, i) => {
    facts.shape(node.input[i]!)?.forEach((d, axis) => {
      sizes.set(part[axis]!, d);
    });
  });
  if (right === undefined || right.includes('.')) return undefined;
  return one([...right].map((l) => sizes.get(l) ?? facts.fresh()));
};

/** Products of matrices, and the fused operators that hold them. */
export const LINEAR_SHAPES: Readonly<Record<string, ShapeRule>> = {
  ...list('MatMul FusedMatMul', matmul),
  ...list('GroupQueryAttention MultiHeadAttention Attention', attention),
  ...list('SkipLayerNormalization SkipSimplifiedLayerNormalization', skipNorm),
  Gemm: gemm,
  Einsum: einsum,
  MatMulNBits: nbits,
};
