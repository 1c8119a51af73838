import { intAttr } from '../onnx/attributes.ts';
import type { Lowering } from './kit.ts';

/** One element of a tensor that was split into a sequence: a slice of that tensor. */
const sequenceAt: Lowering = (c) => {
  const { tape, graph } = c;
  const split = graph.producer(c.need(0));
  const at = tape.facts.ints(c.need(1))?.[0];
  if (split?.opType !== 'SplitToSequence' || typeof at !== 'number' || at < 0)
    return c.refuse('its sequence is not the split of one tensor, or its index is not fixed');
  const [x, sizes] = split.input as [string, string?];
  const parts = sizes ? tape.facts.ints(sizes)?.map(Number) : [1];
  if (!parts) return c.refuse('the sizes of the parts are unknown');
  const even = !sizes || tape.facts.shape(sizes)?.length === 0;
  const start = even ? at * parts[0]! : parts.slice(0, at).reduce((a, b) => a + b, 0);
  const end = start + (even ? parts[0]! : parts[at]!);
  const axis = tape.ints([intAttr(split, 'axis', 0)]);
  const part = tape.op('Slice', [x, tape.ints([start]), tape.ints([end]), axis]);
  const drop = !sizes && intAttr(split, 'keepdims', 1) === 0;
  return { outputs: [drop ? tape.op('Squeeze', [part, axis]) : part] };
};

/** Sequences of tensors, as exporters leave them where they do not simplify. */
export const SEQUENCES: Readonly<Record<string, Lowering>> = { SequenceAt: sequenceAt };
