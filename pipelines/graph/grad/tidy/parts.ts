import type { EditableGraph } from '../../onnx/graph.ts';
import type { Tape } from '../tape.ts';
import { readBy, replace, type Tidy } from './kit.ts';

/** A part that was filled up with zeros along one axis. */
interface Part {
  readonly value: string;
  readonly axis: number;
  readonly before: number;
  readonly size: number;
  readonly after: number;
}

function partOf(graph: EditableGraph, tape: Tape, value: string): Part | undefined {
  const pad = graph.producer(value);
  const pads = pad?.opType === 'Pad' && !pad.attribute.length ? tape.facts.ints(pad.input[1]!) : undefined;
  if (!pad || !pads || pad.input.length > 2) return undefined;
  const rank = pads.length / 2;
  const [axis, ...others] = pads.slice(0, rank).flatMap((p, i) => (p === 0 && pads[i + rank] === 0 ? [] : [i]));
  const size = axis === undefined ? undefined : tape.facts.shape(pad.input[0]!)?.[axis];
  const [before, after] = axis === undefined ? [] : [pads[axis], pads[axis + rank]];
  if (typeof size !== 'number' || typeof before !== 'number' || typeof after !== 'number') return undefined;
  return others.length ? undefined : { value: pad.input[0]!, axis: axis!, before, size, after };
}

/** Two parts that make a whole side by side, as the gradients of two slices do. */
function joined(graph: EditableGraph, tape: Tape, values: readonly string[]): string | undefined {
  const [a, b] = values.map((value) => partOf(graph, tape, value));
  if (!a || !b || a.axis !== b.axis) return undefined;
  const [left, right] = a.before === 0 ? [a, b] : [b, a];
  const whole = left.before === 0 && right.after === 0 && left.size === right.before && right.size === left.after;
  return whole ? tape.op('Concat', [left.value, right.value], { axis: left.axis }) : undefined;
}

/** `a + b`, and `(x + a) + b`, of parts that make a whole. */
export const join: Tidy = (graph, tape, node) => {
  const [first, last] = node.input as [string, string];
  const both = joined(graph, tape, [first, last]);
  const sum = graph.producer(first);
  const [x, part] = sum?.opType === 'Add' && readBy(graph, first, node) ? sum.input : [];
  const rest = !both && x && part ? joined(graph, tape, [part, last]) : undefined;
  if (both) replace(graph, node, both);
  else if (rest) replace(graph, node, tape.op('Add', [x!, rest]));
};
