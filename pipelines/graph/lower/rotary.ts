import { floatAttr, intAttr } from '../onnx/attributes.ts';
import type { LowerContext, Lowering } from './kit.ts';

interface Tables {
  /** `[batch, pos, half]` */
  readonly cos: string;
  readonly sin: string;
}

/** Rotates pairs of columns of `[batch, head, pos, dHead]`: halves of a head, or neighbours where interleaved. */
function rotate(c: LowerContext, x: string, { cos, sin }: Tables, width: number, rotated: number): string {
  const { tape, node } = c;
  const [by, across] = [cos, sin].map((t) => tape.op('Unsqueeze', [t, tape.ints([1])])) as [string, string];
  const rest = width - rotated;
  const parts = rest ? tape.ops('Split', [x, tape.ints([rotated, rest])], { axis: 3 }, 2) : [x];
  const turned = intAttr(node, 'interleaved', 0) === 1;
  const half = rotated / 2;
  const head = turned ? tape.op('Reshape', [parts[0]!, tape.ints([0, 0, -1, half, 2])]) : parts[0]!;
  const [a0, b0] = tape.ops('Split', [head, tape.ints(turned ? [1, 1] : [half, half])], { axis: turned ? 4 : 3 }, 2);
  const flat = (v: string) => (turned ? tape.op('Squeeze', [v, tape.ints([4])]) : v);
  const [a, b] = [flat(a0!), flat(b0!)];
  const first = tape.op('Sub', [tape.op('Mul', [a, by]), tape.op('Mul', [b, across])]);
  const second = tape.op('Add', [tape.op('Mul', [a, across]), tape.op('Mul', [b, by])]);
  const wide = (v: string) => (turned ? tape.op('Unsqueeze', [v, tape.ints([4])]) : v);
  const joined = tape.op('Concat', [wide(first), wide(second)], { axis: turned ? 4 : 3 });
  const whole = turned ? tape.op('Reshape', [joined, tape.ints([0, 0, -1, rotated])]) : joined;
  return rest ? tape.op('Concat', [whole, parts[1]!], { axis: 3 }) : whole;
}

/** `x` `[batch, pos, head * dHead]` or `[batch, head, pos, dHead]`, with tables by position. */
function lowerRotary(c: LowerContext, tables: Tables, half: number): string {
  const { tape, node } = c;
  const x = c.need(0);
  const shape = tape.facts.shape(x) ?? c.refuse('the rank of its input is unknown');
  const flat = shape.length === 3;
  const stated = intAttr(node, 'num_heads', 0);
  const rotated = intAttr(node, 'rotary_embedding_dim', 0) || 2 * half;
  const total = shape.at(-1);
  if (typeof total !== 'number') return c.refuse('the width of its input is unknown');
  const heads = stated || total / rotated;
  const width = flat ? total / heads : total;
  if (floatAttr(node, 'scale', 1) !== 1) c.refuse('it scales');
  if (!flat) return rotate(c, x, tables, width, rotated);
  const split = tape.op('Reshape', [x, tape.ints([0, 0, heads, width])]);
  const byHead = tape.op('Transpose', [split], { perm: [0, 2, 1, 3] });
  const back = tape.op('Transpose', [rotate(c, byHead, tables, width, rotated)], { perm: [0, 2, 1, 3] });
  return tape.op('Reshape', [back, tape.ints([0, 0, total])]);
}

const halfOf = (c: LowerContext, table: string): number => {
  const half = c.tape.facts.shape(table)?.at(-1);
  return typeof half === 'number' ? half : c.refuse('the width of its tables is unknown');
};

/** Rotary position embeddings (Su et al. 2021). */
export const ROTARY: Readonly<Record<string, Lowering>> = {
  'com.microsoft:RotaryEmbedding': (c) => {
    const { tape } = c;
    const [positions, cos, sin] = [c.need(1), c.need(2), c.need(3)];
    const shape = tape.facts.shape(c.need(0)) ?? c.refuse('the rank of its input is unknown');
    const length = shape[shape.length === 3 ? 1 : 2]!;
    const offset = tape.facts.shape(positions)?.length === 1;
    // one number stands for positions that start there
    const at = offset ? positionsFrom(c, positions, length) : positions;
    const table = (t: string) => tape.op('Gather', [t, at], { axis: 0 });
    return { outputs: [lowerRotary(c, { cos: table(cos), sin: table(sin) }, halfOf(c, cos))] };
  },
  RotaryEmbedding: (c) => {
    const { tape } = c;
    const [cos, sin] = [c.need(1), c.need(2)];
    const positions = c.input(3);
    const table = (t: string) => (positions ? tape.op('Gather', [t, positions], { axis: 0 }) : t);
    return { outputs: [lowerRotary(c, { cos: table(cos), sin: table(sin) }, halfOf(c, cos))] };
  },
};

function positionsFrom(c: LowerContext, start: string, length: string | number): string {
  const { tape } = c;
  const scalar = (v: string) => tape.op('Squeeze', [v, tape.ints([0])]);
  const steps = tape.op('Range', [scalar(tape.ints([0])), scalar(tape.dims([length])), scalar(tape.ints([1]))]);
  return tape.op('Unsqueeze', [tape.op('Add', [steps, start]), tape.ints([0])]);
}
