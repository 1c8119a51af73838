import type { GraphBuilder } from '../onnx/build.ts';
import { f32, i64 } from '../tensor.ts';
import { type DecoderStyle, SIZES } from './style.ts';

const { heads, kvHeads, dHead } = SIZES;
/** Positions that the rotary tables reach. */
const CONTEXT = 32;

/** z `[batch, pos, head * dHead]` of queries, keys and values `[batch, pos, head * dHead]`. */
type Attend = (q: string, k: string, v: string) => string;
type MakeAttend = (g: GraphBuilder, style: DecoderStyle, mask: string, tokens: string) => Attend;

const ints = (g: GraphBuilder, ...values: number[]) => g.constant(i64(values));
const scalar = (g: GraphBuilder, x: number) => g.constant(f32([x], []));
const whole = (g: GraphBuilder, x: number) => g.constant(i64([x], []));
/** `[batch, pos, head * dHead]` to `[batch, head, pos, dHead]`. */
const turn = (g: GraphBuilder, x: string, count: number) =>
  g.op('Transpose', [g.op('Reshape', [x, ints(g, 0, 0, count, dHead)])], { perm: [0, 2, 1, 3] });
const back = (g: GraphBuilder, z: string) =>
  g.op('Reshape', [g.op('Transpose', [z], { perm: [0, 2, 1, 3] }), ints(g, 0, 0, heads * dHead)]);

/** Cosines and sines of the angles `[CONTEXT, dHead / 2]` (Su et al. 2021). */
const tables = (g: GraphBuilder): [string, string] => {
  const half = dHead / 2;
  const angles = Float32Array.from(
    { length: CONTEXT * half },
    (_, i) => Math.floor(i / half) * 100 ** (-(i % half) / half),
  );
  return [
    g.constant(f32(angles.map(Math.cos), [CONTEXT, half])),
    g.constant(f32(angles.map(Math.sin), [CONTEXT, half])),
  ];
};

/** Positions `[pos]`, counted from 0. */
const range = (g: GraphBuilder, tokens: string) => {
  const length = g.op('Squeeze', [g.op('Slice', [g.op('Shape', [tokens]), ints(g, 1), ints(g, 2)]), ints(g, 0)]);
  return g.op('Range', [whole(g, 0), length, whole(g, 1)]);
};

/** `[batch, 1, query, key]`: whether a key is seen. */
function causalMask(g: GraphBuilder, mask: string, tokens: string, window?: number): string {
  const keys = range(g, tokens);
  const queries = g.op('Unsqueeze', [keys, ints(g, 1)]);
  let seen = g.op('LessOrEqual', [keys, queries]);
  if (window) seen = g.op('And', [seen, g.op('Less', [g.op('Sub', [queries, keys]), ints(g, window)])]);
  const kept = g.op('Unsqueeze', [g.op('Cast', [mask], { to: 9 }), ints(g, 1, 2)]);
  return g.op('And', [seen, kept]);
}

/** The same as numbers to add: 0 where a key is seen, a large negative number where it is not. */
const causalBias = (g: GraphBuilder, mask: string, tokens: string, window?: number, unseen = -1e9): string =>
  g.op('Where', [causalMask(g, mask, tokens, window), scalar(g, 0), scalar(g, unseen)]);

type Weigh = (scores: string) => string;
const softmax = (g: GraphBuilder, scores: string) => g.op('Softmax', [scores], { axis: -1 });

/** Attention weights of scores, by how the mask meets them. */
const WEIGHTS: Readonly<
  Record<'bounded' | 'added' | 'chosen', (g: GraphBuilder, mask: string, tokens: string, window?: number) => Weigh>
> = {
  bounded: (g, ...at) => {
    const bias = causalBias(g, ...at);
    return (scores) => softmax(g, g.op('Add', [scores, bias]));
  },
  added: (g, mask, tokens, window) => {
    const bias = causalBias(g, mask, tokens, window, -Infinity);
    return (scores) => withoutNaN(g, softmax(g, g.op('Add', [scores, bias])));
  },
  chosen: (g, ...at) => {
    const seen = causalMask(g, ...at);
    return (scores) => withoutNaN(g, softmax(g, g.op('Where', [seen, scores, scalar(g, -Infinity)])));
  },
};
const withoutNaN = (g: GraphBuilder, x: string) => g.op('Where', [g.op('IsNaN', [x]), scalar(g, 0), x]);

const plain: MakeAttend = (g, { rotary, window, softcap, guarded }, mask, tokens) => {
  const weigh = WEIGHTS[guarded ?? 'bounded'](g, mask, tokens, window);
  let rotate = (x: string) => x;
  if (rotary) {
    const at = range(g, tokens);
    const [cos, sin] = tables(g).map((t) => {
      const rows = g.op('Gather', [t, at]);
      return g.op('Concat', [rows, rows], { axis: { int: -1 } });
    });
    rotate = (x) => {
      const [low, high] = g.ops('Split', [x, ints(g, dHead / 2, dHead / 2)], { axis: { int: -1 } }, 2);
      const turned = g.op('Concat', [g.op('Neg', [high!]), low!], { axis: { int: -1 } });
      return g.op('Add', [g.op('Mul', [x, cos!]), g.op('Mul', [turned, sin!])]);
    };
  }
  return (q, k, v) => {
    const keys = g.op('Transpose', [rotate(turn(g, k, kvHeads))], { perm: [0, 1, 3, 2] });
    const product = g.op('MatMul', [rotate(turn(g, q, heads)), keys]);
    let scores = g.op('Mul', [product, scalar(g, 1 / Math.sqrt(dHead))]);
    if (softcap) scores = g.op('Mul', [g.op('Tanh', [g.op('Div', [scores, scalar(g, softcap)])]), scalar(g, softcap)]);
    return back(g, g.op('MatMul', [weigh(scores), turn(g, v, kvHeads)]));
  };
};

const fused: MakeAttend = (g, { rotary, window, softcap }, mask) => {
  const counted = g.op('Sub', [g.op('ReduceSum', [mask, ints(g, 1)], { keepdims: 0 }), ints(g, 1)]);
  const ends = g.op('Cast', [counted], { to: 6 });
  const total = g.op('Cast', [g.op('Gather', [g.op('Shape', [mask]), whole(g, 1)])], { to: 6 });
  const attributes = {
    num_heads: heads,
    kv_num_heads: kvHeads,
    ...(softcap ? { softcap: { float: softcap } } : {}),
    ...(window ? { local_window_size: window } : {}),
    ...(rotary ? { do_rotary: 1 } : {}),
  };
  const more = rotary ? tables(g) : [];
  return (q, k, v) =>
    g.ops('GroupQueryAttention', [q, k, v, '', '', ends, total, ...more], attributes, 3, 'com.microsoft')[0]!;
};

const standard: MakeAttend = (g, { rotary, window, softcap }, mask, tokens) => {
  const bias = causalBias(g, mask, tokens, window);
  const attributes = { scale: 1 / Math.sqrt(dHead), ...(softcap ? { softcap: { float: softcap } } : {}) };
  let rotate = (x: string) => x;
  if (rotary) {
    const shape = g.op('Shape', [tokens], { start: 0, end: 2 });
    const positions = g.op('Expand', [range(g, tokens), shape]);
    const [cos, sin] = tables(g);
    rotate = (x) => g.op('RotaryEmbedding', [x, cos, sin, positions]);
  }
  return (q, k, v) => {
    const inputs = [rotate(turn(g, q, heads)), rotate(turn(g, k, kvHeads)), turn(g, v, kvHeads), bias];
    return back(g, g.ops('Attention', inputs, attributes, 1)[0]!);
  };
};

const ATTENTION: Readonly<Record<DecoderStyle['ops'], MakeAttend>> = { plain, fused, standard };

/** Attention as a style of operators writes it; what all layers share is made once. */
export const attentionOf: MakeAttend = (g, style, mask, tokens) => ATTENTION[style.ops](g, style, mask, tokens);
