import { floatAttr, intAttr } from '../../onnx/attributes.ts';
import type { LowerContext, Lowering } from '../kit.ts';
import { attend, fromHeads, swapHeads, toHeads } from './core.ts';
import { additive, causal, LOWEST, range } from './mask.ts';

/** Inputs of ONNX Attention by their order. */
const IN = { mask: 3, pastKey: 4, pastValue: 5, lengths: 6 } as const;

/** The mask as what is added to the scores: truth values become 0 and the least float32, as in the runtime's kernel. */
function maskOf(c: LowerContext, like: string): string[] {
  const mask = c.input(IN.mask);
  if (!mask) return [];
  return [c.tape.facts.type(mask) === 'bool' ? additive(c.tape, mask, like, LOWEST) : mask];
}

/** `Attention` of ONNX opset 23: queries may share keys, and are the last of all positions. */
export const standardAttention: Lowering = (c) => {
  const { tape, node } = c;
  if (c.used(3)) c.refuse('its scores are an output');
  if (c.input(IN.lengths)) c.refuse('its keys are padded');
  const flat = (tape.facts.shape(c.need(0)) ?? c.refuse('the rank of its input is unknown')).length === 3;
  const stated = [intAttr(node, 'q_num_heads', 0), intAttr(node, 'kv_num_heads', 0)];
  const counts = flat ? stated : [0, 1].map((i) => Number(tape.facts.shape(c.need(i))?.[1]));
  const [heads, kvHeads] = counts as [number, number];
  if (!(heads > 0 && kvHeads > 0)) c.refuse('its head counts are unknown');
  const by = (i: number, n: number) => (flat ? toHeads(tape, c.need(i), n) : swapHeads(tape, c.need(i)));
  const [q, k, v] = [by(0, heads), by(1, kvHeads), by(2, kvHeads)];
  const join = (past: number, x: string) => (c.input(past) ? tape.op('Concat', [c.need(past), x], { axis: 2 }) : x);
  const [keys, values] = [join(IN.pastKey, swapHeads(tape, k)), join(IN.pastValue, swapHeads(tape, v))];
  const biases = maskOf(c, q);
  if (intAttr(node, 'is_causal', 0)) {
    const [fresh, total] = [tape.facts.shape(q)?.[1], tape.facts.shape(keys)?.[2]];
    if (total === undefined || fresh === undefined) return c.refuse('the shape of its inputs is unknown');
    const row = (x: string) => tape.pure('Unsqueeze', [x, tape.ints([0])]);
    const past = c.input(IN.pastKey) ? tape.facts.shape(c.need(IN.pastKey))![2]! : 0;
    const query = tape.pure('Add', [range(tape, fresh), tape.dims([past])]);
    biases.push(additive(tape, causal(tape, { query: row(query), key: row(range(tape, total)) }), q));
  }
  const scale = floatAttr(node, 'scale', 0);
  const softcap = floatAttr(node, 'softcap', 0);
  const core = attend(tape, {
    q: swapHeads(tape, q),
    k: keys,
    v: values,
    heads,
    kvHeads,
    ...(scale ? { scale } : {}),
    ...(softcap ? { softcap } : {}),
    biases,
  });
  return { outputs: [flat ? fromHeads(tape, core.z) : core.z, keys, values], inside: { q, k, v, ...core } };
};
