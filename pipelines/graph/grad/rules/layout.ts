import { intAttr, intsAttr } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/build.ts';
import { add, sub } from '../../shape/dim.ts';
import { type Rule, type RuleContext, rule, stop } from '../rule.ts';

const input = (c: RuleContext, i = 0) => c.node.input[i]!;

/** The cotangent in the shape of the input: of everything that only renames positions. */
const reshape = rule((c) => c.give(0, c.tape.op('Reshape', [c.cotangent(), c.tape.shapeOf(input(c), c.lead)])), [0]);

const transpose = rule((c) => {
  const rank = c.shape(input(c)).length;
  const perm = intsAttr(c.node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const back = perm.map((_, i) => perm.indexOf(i));
  const shift = c.lead.length;
  const whole = [...c.lead.map((_, i) => i), ...back.map((p) => p + shift)];
  c.give(0, c.tape.op('Transpose', [c.cotangent()], { perm: whole }));
});

const expand = rule((c) => c.give(0, c.unbroadcast(c.cotangent(), c.shape(c.node.output[0]!), input(c))), [0]);

/** Repeats: the repeats of an axis become an axis of their own, which is summed. */
const tile = rule(
  (c) => {
    const { tape } = c;
    const repeats = tape.facts.ints(input(c, 1)) ?? c.refuse('its repeats are unknown');
    const dims = c.shape(input(c));
    const wide = dims.flatMap((d, i): Dim[] => [repeats[i]!, d]);
    const folded = tape.op('Reshape', [c.cotangent(), tape.dims([...c.lead, ...wide])]);
    const axes = tape.ints(dims.map((_, i) => 2 * i + c.lead.length));
    c.give(0, tape.op('ReduceSum', [folded, axes], { keepdims: 0 }));
  },
  [0],
);

const concat = rule((c) => {
  const { tape, node } = c;
  const axis = intAttr(node, 'axis', 0);
  const sizes = node.input.map((x) => c.shape(x).at(axis)!);
  const parts = tape.ops('Split', [c.cotangent(), tape.dims(sizes)], { axis: c.axis(axis) }, sizes.length);
  parts.forEach((part, i) => {
    if (c.wants(i)) c.give(i, part);
  });
});

/** A part that has no cotangent counts as zeros. */
const split = rule(
  (c) => {
    const { tape, node } = c;
    const parts = node.output.map((value, i) => {
      if (c.has(i)) return c.cotangent(i);
      return tape.op('Expand', [tape.scalar(0, node.input[0]!), tape.shapeOf(value, c.lead)]);
    });
    c.give(0, tape.op('Concat', parts, { axis: c.axis(intAttr(node, 'axis', 0)) }));
  },
  [0],
);

const LEFT = 2 ** 31 - 1;

/** Zeros before and after along one axis of a cotangent; `before`, `after` may be symbolic. */
export function padAxis(c: RuleContext, g: string, axis: number, before: Dim, after: Dim, rank: number): string {
  if (before === 0 && after === 0) return g;
  const at = axis + c.lead.length;
  const total = rank + c.lead.length;
  const pads: Dim[] = Array(2 * total).fill(0);
  pads[at] = before;
  pads[at + total] = after;
  return c.tape.op('Pad', [g, c.tape.dims(pads)]);
}

/** Elements taken with a stride: every position looks up the one slice element that came from it, or a zero. */
function strided(c: RuleContext, g: string, axis: number, size: Dim, start: number, end: number, step: number): string {
  const { tape } = c;
  if (typeof size !== 'number') return c.refuse('it strides along an axis of unknown length');
  const first = start < 0 ? start + size : Math.min(start, step > 0 ? size : size - 1);
  const last = end < -size ? -1 : end < 0 ? end + size : Math.min(end, size);
  const taken = Array.from({ length: Math.max(0, Math.ceil((last - first) / step)) }, (_, i) => first + i * step);
  const from = Array.from({ length: size }, (_, i) => (taken.includes(i) ? taken.indexOf(i) : taken.length));
  const padded = padAxis(c, g, axis, 0, 1, c.shape(input(c)).length);
  return tape.op('Gather', [padded, tape.ints(from)], { axis: axis + c.lead.length });
}

const slice = rule(
  (c) => {
    const { tape, node } = c;
    const dims = c.shape(input(c));
    const list = (i: number) => (node.input[i] ? tape.facts.ints(node.input[i]!) : undefined);
    const [starts, ends] = [list(1), list(2)];
    const axes = node.input[3] ? list(3) : starts?.map((_, i) => i);
    const steps = node.input[4] ? list(4) : starts?.map(() => 1);
    const known = starts && ends && axes && steps;
    if (!known) return c.refuse('its bounds are unknown');
    let g = c.cotangent();
    axes.forEach((a, i) => {
      const axis = Number(a) < 0 ? Number(a) + dims.length : Number(a);
      const [start, end, step, size] = [starts[i]!, ends[i]!, Number(steps[i]), dims[axis]!];
      const taken = c.shape(node.output[0]!)[axis]!;
      if (step !== 1) {
        g = strided(c, g, axis, size, Number(start), Number(end), step);
        return;
      }
      const open = typeof end === 'number' && end >= LEFT;
      const before = typeof start === 'number' && start < 0 ? add(size, start) : start;
      const after = open || end === size ? 0 : sub(sub(size, before), taken);
      g = padAxis(c, g, axis, before, after, dims.length);
    });
    return c.give(0, g);
  },
  [0],
);

const pad = rule(
  (c) => {
    const { tape, node } = c;
    const rank = c.shape(input(c)).length;
    const pads = tape.facts.ints(input(c, 1)) ?? c.refuse('its widths are unknown');
    const axes =
      (node.input[3] ? tape.facts.ints(node.input[3]) : undefined) ?? Array.from({ length: rank }, (_, i) => i);
    const mode = node.attribute.find((a) => a.name === 'mode');
    if (mode && new TextDecoder().decode(mode.s) !== 'constant') c.refuse('it pads by copies of its input');
    const starts = axes.map((_, i) => pads[i]!);
    const ends = axes.map((a, i) => add(starts[i]!, c.shape(input(c)).at(Number(a))!));
    const at = axes.map((a) => c.axis(Number(a)));
    c.give(0, tape.op('Slice', [c.cotangent(), tape.dims(starts), tape.dims(ends), tape.ints(at)]));
  },
  [0],
);

/** A running sum's gradient runs the other way. */
const cumsum = rule(
  (c) => {
    const { tape, node } = c;
    const axis = tape.facts.ints(input(c, 1))?.[0] ?? c.refuse('its axis is unknown');
    const [exclusive, reverse] = [intAttr(node, 'exclusive', 0), 1 - intAttr(node, 'reverse', 0)];
    const at = tape.op('Squeeze', [tape.ints([c.axis(Number(axis))])]);
    c.give(0, tape.op('CumSum', [c.cotangent(), at], { exclusive, reverse }));
  },
  [0],
);

/** Operators that move elements. */
export const LAYOUT: Readonly<Record<string, Rule>> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  CumSum: cumsum,
  Trilu: rule(
    (c) => {
      const upper = { upper: intAttr(c.node, 'upper', 1) };
      c.give(0, c.tape.op('Trilu', [c.cotangent(), ...c.node.input.slice(1)], upper));
    },
    [0],
  ),
  Shape: stop('integer'),
  Size: stop('integer'),
};
