import { floatAttr, intAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import type { LowerContext, Lowering } from '../kit.ts';
import { attend, fromHeads, swapHeads, toHeads } from './core.ts';
import { additive, causal, range } from './mask.ts';

/** Inputs of GroupQueryAttention by their order. */
const IN = {
  pastKey: 3,
  pastValue: 4,
  seqlens: 5,
  total: 6,
  cos: 7,
  sin: 8,
  positions: 9,
  bias: 10,
  sink: 11,
} as const;

/** Queries, keys and values `[batch, pos, head, dHead]`, of three inputs or one that packs them. */
function heads(c: LowerContext, count: number, kv: number): [string, string, string] {
  const { tape } = c;
  if (c.input(1)) return [toHeads(tape, c.need(0), count), toHeads(tape, c.need(1), kv), toHeads(tape, c.need(2), kv)];
  const all = toHeads(tape, c.need(0), count + 2 * kv);
  return tape.ops('Split', [all, tape.ints([count, kv, kv])], { axis: 2 }, 3) as [string, string, string];
}

/** Number of keys in the cache and of new tokens, as dimensions. */
function lengths(c: LowerContext): { past: Dim; fresh: Dim } {
  const { facts } = c.tape;
  const past = c.input(IN.pastKey) ? facts.shape(c.need(IN.pastKey))?.[2] : 0;
  const fresh = facts.shape(c.need(0))?.[1];
  if (past === undefined || fresh === undefined) return c.refuse('the shape of its inputs is unknown');
  return { past, fresh };
}

/**
 * Positions of the new tokens `[batch, pos]` and how much of the cache counts `[batch, 1]`. A prompt starts at 0; later
 * tokens follow the cache, whose length a sequence states by `seqlens_k`, its total less one.
 */
function places(c: LowerContext, fresh: Dim): { query: string; cached: string } {
  const { tape } = c;
  const length = tape.dims([fresh]);
  const ends = tape.pure('Cast', [c.need(IN.seqlens)], { to: 7 });
  const total = tape.pure('Add', [tape.pure('Reshape', [ends, tape.ints([-1, 1])]), tape.ints([1])]);
  const whole = tape.pure('Cast', [c.need(IN.total)], { to: 7 });
  const prompt = tape.pure('Equal', [whole, length]);
  const cached = tape.pure('Where', [prompt, tape.ints([0]), tape.pure('Sub', [total, length])]);
  return { query: tape.pure('Add', [cached, range(tape, fresh)]), cached };
}

/** `com.microsoft:GroupQueryAttention`. The positions of keys decide what is seen, so caches of unequal length work too. */
export const groupQueryAttention: Lowering = (c) => {
  const { tape, node } = c;
  const count = intAttr(node, 'num_heads', 0);
  const kv = intAttr(node, 'kv_num_heads', count);
  for (const name of ['k_quant_type', 'v_quant_type'])
    if (node.attribute.some((a) => a.name === name && new TextDecoder().decode(a.s) !== 'NONE'))
      c.refuse('its cache is quantised');
  if (c.used(3)) c.refuse('its scores are an output');
  const [q, k, v] = heads(c, count, kv);
  const { past, fresh } = lengths(c);
  const { query, cached } = places(c, fresh);
  const rotate = (x: string, n: number) => {
    const turned = swapHeads(tape, x);
    if (!intAttr(node, 'do_rotary', 0)) return turned;
    return turn(c, turned, c.input(IN.positions) ?? query, n);
  };
  const newKeys = rotate(k, kv);
  const newValues = swapHeads(tape, v);
  const join = (at: number, fresh: string) =>
    c.input(at) && past !== 0 ? tape.op('Concat', [c.need(at), fresh], { axis: 2 }) : fresh;
  const old = range(tape, past);
  const batchOld = past === 0 ? '' : tape.pure('Where', [tape.pure('Less', [old, cached]), old, tape.ints([2 ** 40])]);
  const key = past === 0 ? query : tape.pure('Concat', [batchOld, query], { axis: 1 });
  const window = intAttr(node, 'local_window_size', -1);
  const seen = causal(tape, { query, key }, window > 0 ? window : undefined);
  const softcap = floatAttr(node, 'softcap', 0);
  const scale = floatAttr(node, 'scale', 0);
  const sink = c.input(IN.sink)
    ? tape.pure('Reshape', [c.need(IN.sink), tape.ints([1, -1, 1, 1])])
    : intAttr(node, 'smooth_softmax', 0) === 1 && tape.scalar(0, q);
  const core = attend(tape, {
    q: rotate(q, count),
    k: join(IN.pastKey, newKeys),
    v: join(IN.pastValue, newValues),
    heads: count,
    kvHeads: kv,
    ...(scale ? { scale } : {}),
    ...(softcap ? { softcap } : {}),
    ...(sink ? { sink } : {}),
    biases: [additive(tape, seen, q), ...(c.input(IN.bias) ? [c.need(IN.bias)] : [])],
  });
  return { outputs: [fromHeads(tape, core.z), ...caches(c)], inside: { q, k, v, ...core } };
};

/** Rotates `[batch, head, pos, dHead]` by the tables of the node, all of a head or its first columns. */
function turn(c: LowerContext, x: string, positions: string, n: number): string {
  const half = c.tape.facts.shape(c.need(IN.cos))?.at(-1);
  const width = c.tape.facts.shape(x)?.at(-1);
  if (typeof half !== 'number') return c.refuse('the width of its rotary tables is unknown');
  const partial = 2 * half !== width ? { num_heads: n, rotary_embedding_dim: 2 * half } : {};
  const attributes = { interleaved: intAttr(c.node, 'rotary_interleaved', 0), ...partial };
  return c.tape.op('RotaryEmbedding', [x, positions, c.need(IN.cos), c.need(IN.sin)], attributes, 'com.microsoft');
}

/** The caches, where they are asked for, come from the fused node itself: only it knows how its buffer is laid out. */
function caches(c: LowerContext): (string | undefined)[] {
  if (!c.used(1) && !c.used(2)) return [];
  const attributes = c.node.attribute;
  const made = c.tape.ops('GroupQueryAttention', c.node.input, {}, 3, 'com.microsoft');
  c.graph.producer(made[0]!)!.attribute = attributes;
  return made.slice(1);
}
