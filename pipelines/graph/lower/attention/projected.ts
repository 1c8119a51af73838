import { floatAttr, intAttr, intsAttr } from '../../onnx/attributes.ts';
import type { Lowering } from '../kit.ts';
import { attend, fromHeads, swapHeads, toHeads } from './core.ts';
import { causalMask, paddingMask } from './multi.ts';

/** Inputs of Attention by their order. */
const IN = { weights: 1, bias: 2, mask: 3, past: 4, attentionBias: 5 } as const;

/** `com.microsoft:Attention`: the projection of queries, keys and values is part of the operator. */
export const projectedAttention: Lowering = (c) => {
  const { tape, node } = c;
  const heads = intAttr(node, 'num_heads', 0);
  if (intAttr(node, 'do_rotary', 0)) c.refuse('it rotates');
  if (intAttr(node, 'past_present_share_buffer', 0)) c.refuse('its cache is one shared buffer');
  const width = tape.facts.shape(c.need(IN.weights))?.at(-1);
  if (typeof width !== 'number') return c.refuse('the width of its weights is unknown');
  const product = tape.op('MatMul', [c.need(0), c.need(IN.weights)]);
  const all = c.input(IN.bias) ? tape.op('Add', [product, c.need(IN.bias)]) : product;
  const sizes = intsAttr(node, 'qkv_hidden_sizes') ?? [width / 3, width / 3, width / 3];
  const parts = tape.ops('Split', [all, tape.ints(sizes)], { axis: 2 }, 3);
  const [q, k, v] = parts.map((part) => toHeads(tape, part, heads)) as [string, string, string];
  let [keys, values] = [swapHeads(tape, k), swapHeads(tape, v)];
  if (c.input(IN.past)) {
    const both = tape.ops('Split', [c.need(IN.past), tape.ints([1, 1])], { axis: 0 }, 2);
    const past = both.map((x) => tape.op('Squeeze', [x, tape.ints([0])]));
    keys = tape.op('Concat', [past[0]!, keys], { axis: 2 });
    values = tape.op('Concat', [past[1]!, values], { axis: 2 });
  }
  const [fresh, total] = [tape.facts.shape(q)?.[1], tape.facts.shape(keys)?.[2]];
  if (total === undefined || fresh === undefined) return c.refuse('the shape of its inputs is unknown');
  const padding = paddingMask(c, c.input(IN.mask), total, q);
  const scale = floatAttr(node, 'scale', 0);
  const core = attend(tape, {
    q: swapHeads(tape, q),
    k: keys,
    v: values,
    heads,
    kvHeads: heads,
    ...(scale ? { scale } : {}),
    biases: [
      ...(padding ? [padding] : []),
      ...(intAttr(node, 'unidirectional', 0) ? [causalMask(c, fresh, total, q)] : []),
      ...(c.input(IN.attentionBias) ? [c.need(IN.attentionBias)] : []),
    ],
  });
  const present = c.used(1)
    ? tape.op(
        'Concat',
        [keys, values].map((x) => tape.op('Unsqueeze', [x, tape.ints([0])])),
        { axis: 0 },
      )
    : undefined;
  return { outputs: [fromHeads(tape, core.z), present], inside: { q, k, v, ...core } };
};
