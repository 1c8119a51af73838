import { floatAttr, intAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import type { LowerContext, Lowering } from '../kit.ts';
import { attend, fromHeads, swapHeads, toHeads } from './core.ts';
import { additive, causal, LOWEST, range } from './mask.ts';

/** Inputs of MultiHeadAttention by their order. */
const IN = { bias: 3, padding: 4, attentionBias: 5, pastKey: 6, pastValue: 7 } as const;

const rankOf = (c: LowerContext, x: string): number =>
  c.tape.facts.shape(x)?.length ?? c.refuse(`the rank of "${x}" is unknown`);

/** One part of a bias that holds those of queries, keys and values in a row. */
function biasParts(c: LowerContext, bias: string | undefined, widths: readonly (Dim | undefined)[]): string[] {
  if (!bias) return [];
  if (widths.some((w) => typeof w !== 'number')) return c.refuse('the widths that its bias is for are unknown');
  return c.tape.ops('Split', [bias, c.tape.ints(widths as number[])], { axis: 0 }, widths.length);
}

/** A packed axis of `count` taken apart: `[batch, pos, head, count, dHead]` to `[batch, pos, head, dHead]` each. */
function unpack(c: LowerContext, x: string, count: number): string[] {
  const { tape } = c;
  const parts = tape.ops('Split', [x, tape.ints(Array(count).fill(1))], { axis: 3 }, count);
  return parts.map((part) => tape.op('Squeeze', [part, tape.ints([3])]));
}

/**
 * The additive mask of padding, by the forms that it may have: one length a sequence, 0 and 1 by key, or by query and key.
 * Absent where every key counts.
 */
export function paddingMask(c: LowerContext, mask: string | undefined, keys: Dim, like: string): string | undefined {
  if (!mask) return undefined;
  const { tape } = c;
  const masked = floatAttr(c.node, 'mask_filter_value', -10000);
  const rank = rankOf(c, mask);
  const counts = (allowed: string, axes: readonly number[]) =>
    additive(tape, tape.pure('Unsqueeze', [allowed, tape.ints(axes)]), like, masked);
  if (rank === 1) {
    const lengths = tape.pure('Cast', [mask], { to: 7 });
    const columns = tape.pure('Unsqueeze', [lengths, tape.ints([1])]);
    return counts(tape.pure('Less', [range(tape, keys), columns]), [1, 2]);
  }
  const on = tape.pure('Greater', [mask, tape.pure('CastLike', [tape.ints([0]), mask])]);
  if (rank === 2) return counts(on, [1, 2]);
  if (rank === 3) return counts(on, [1]);
  return c.refuse('its mask has four axes');
}

/** `com.microsoft:MultiHeadAttention`, self or cross, with a cache or without. */
export const multiHeadAttention: Lowering = (c) => {
  const { tape, node } = c;
  const heads = intAttr(node, 'num_heads', 0);
  if (c.used(3)) c.refuse('its scores are an output');
  if (c.input(8) || c.input(9)) c.refuse('its cache is shared or shuffled');
  const width = (i: number) => (c.input(i) ? tape.facts.shape(c.need(i))?.at(-1) : undefined);
  const packed = rankOf(c, c.need(0)) === 5;
  if (packed && c.input(IN.bias)) c.refuse('a bias of packed queries');
  const biases = biasParts(c, c.input(IN.bias), [0, 1, 2].map(width));
  const flat = (i: number) => toHeads(tape, biases[i] ? tape.op('Add', [c.need(i), biases[i]!]) : c.need(i), heads);
  const byHead = (i: number) => (rankOf(c, c.need(i)) === 4 ? swapHeads(tape, c.need(i)) : flat(i));
  const [q, k, v] = packed
    ? (unpack(c, c.need(0), 3) as [string, string, string])
    : c.input(1) && rankOf(c, c.need(1)) === 5
      ? ([flat(0), ...unpack(c, c.need(1), 2)] as [string, string, string])
      : [flat(0), byHead(1), byHead(2)];
  const join = (past: number, x: string) => (c.input(past) ? tape.op('Concat', [c.need(past), x], { axis: 2 }) : x);
  const keys = join(IN.pastKey, swapHeads(tape, k));
  const values = join(IN.pastValue, swapHeads(tape, v));
  const total = tape.facts.shape(keys)?.[2];
  const fresh = tape.facts.shape(q)?.[1];
  if (total === undefined || fresh === undefined) return c.refuse('the shape of its inputs is unknown');
  const padding = paddingMask(c, c.input(IN.padding), total, q);
  const masks = [
    ...(padding ? [padding] : []),
    ...(intAttr(node, 'unidirectional', 0) ? [causalMask(c, fresh, total, q)] : []),
    ...(c.input(IN.attentionBias) ? [c.need(IN.attentionBias)] : []),
  ];
  const scale = floatAttr(node, 'scale', 0);
  const core = attend(tape, {
    q: swapHeads(tape, q),
    k: keys,
    v: values,
    heads,
    kvHeads: heads,
    ...(scale ? { scale } : {}),
    biases: masks,
  });
  return { outputs: [fromHeads(tape, core.z), keys, values], inside: { q, k, v, ...core } };
};

/** No key after the query: queries are the last of all positions. */
export function causalMask(c: LowerContext, queries: Dim, keys: Dim, like: string): string {
  const { tape } = c;
  const row = (x: string) => tape.pure('Unsqueeze', [x, tape.ints([0])]);
  const before = tape.pure('Sub', [tape.dims([keys]), tape.dims([queries])]);
  const query = tape.pure('Add', [range(tape, queries), before]);
  return additive(tape, causal(tape, { query: row(query), key: row(range(tape, keys)) }), like, LOWEST);
}
