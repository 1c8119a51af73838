import { intAttr, stringAttr } from '../../onnx/attributes.ts';
import { add, sub } from '../../shape/dim.ts';
import { type Rule, type RuleContext, rule, stop } from '../rule.ts';
import { padAxis } from './layout.ts';

const zerosLike = (c: RuleContext, value: string) =>
  c.tape.op('Expand', [c.tape.scalar(0, value), c.tape.shapeOf(value, c.lead)]);

/** Indices with the cotangent's leading axis. */
const spread = (c: RuleContext, index: string) =>
  c.lead.length ? c.tape.op('Expand', [index, c.tape.shapeOf(index, c.lead)]) : index;

/** Rows of `x` along an axis, taken by index: their gradients are added where they came from. */
const gather = rule(
  (c) => {
    const { tape, node } = c;
    const [x, index] = node.input as [string, string];
    const dims = c.shape(x);
    const attribute = intAttr(node, 'axis', 0);
    const axis = attribute < 0 ? attribute + dims.length : attribute;
    const one = tape.facts.ints(index);
    if (one?.length === 1 && typeof one[0] === 'number') return single(c, axis, one[0]);
    const [rank, shift] = [c.shape(index).length, c.lead.length];
    // [lead, before, index, after] -> [index, lead, before, after]
    const total = dims.length - 1 + rank + shift;
    const moved = Array.from({ length: rank }, (_, i) => axis + shift + i);
    const rest = Array.from({ length: total }, (_, i) => i).filter((i) => !moved.includes(i));
    const g = c.cotangent();
    const front = axis + shift === 0 ? g : tape.op('Transpose', [g], { perm: [...moved, ...rest] });
    const others = dims.filter((_, i) => i !== axis);
    const shape = tape.dims([dims[axis]!, ...c.lead, ...others]);
    const zeros = tape.op('Expand', [tape.scalar(0, x), shape]);
    const at = tape.op('Unsqueeze', [index, tape.ints([-1])]);
    const sum = tape.op('ScatterND', [zeros, at, front], { reduction: 'add' });
    const home = axis + shift;
    return c.give(0, home === 0 ? sum : tape.op('Transpose', [sum], { perm: backFrom(home, dims.length + shift) }));
  },
  [0],
);

/** The permutation that brings axis 0 to place `to`. */
const backFrom = (to: number, rank: number): number[] => {
  const perm = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  perm.splice(to, 0, 0);
  return perm;
};

/** One fixed row: zeros around it. */
function single(c: RuleContext, axis: number, index: number): void {
  const { tape, node } = c;
  const dims = c.shape(node.input[0]!);
  const at = c.shape(node.input[1]!).length;
  const size = dims[axis]!;
  const g = c.cotangent();
  const kept =
    at === 1 ? g : tape.op('Reshape', [g, tape.dims([...c.lead, ...dims.map((d, i) => (i === axis ? 1 : d))])]);
  const before = index < 0 ? add(size, index) : index;
  c.give(0, padAxis(c, kept, axis, before, sub(add(size, -1), before), dims.length));
}

const gatherElements = rule(
  (c) => {
    const [x, index] = c.node.input as [string, string];
    const axis = c.axis(intAttr(c.node, 'axis', 0));
    const inputs = [zerosLike(c, x), spread(c, index), c.cotangent()];
    c.give(0, c.tape.op('ScatterElements', inputs, { axis, reduction: 'add' }));
  },
  [0],
);

const topk = rule(
  (c) => {
    const [x] = c.node.input as [string];
    const axis = c.axis(intAttr(c.node, 'axis', -1));
    const inputs = [zerosLike(c, x), spread(c, c.node.output[1]!), c.cotangent()];
    c.give(0, c.tape.op('ScatterElements', inputs, { axis }));
  },
  [0],
);

/** Updates written or added at positions: what was overwritten gets no gradient. */
const scatterElements = rule(
  (c) => {
    const { tape, node } = c;
    const [x, index, updates] = node.input as [string, string, string];
    const reduction = stringAttr(node, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') c.refuse(`its reduction is ${reduction}`);
    const axis = c.axis(intAttr(node, 'axis', 0));
    const g = c.cotangent();
    const at = spread(c, index);
    if (c.wants(2)) c.give(2, tape.op('GatherElements', [g, at], { axis }));
    if (!c.wants(0)) return;
    if (reduction === 'add') return c.give(0, g);
    const zeros = tape.op('Expand', [tape.scalar(0, x), tape.shapeOf(updates, c.lead)]);
    c.give(0, tape.op('ScatterElements', [g, at, zeros], { axis }));
  },
  [0, 2],
);

/** A cotangent with its leading axis moved behind the `rank` axes of the value, or back to the front. */
function moveLead(c: RuleContext, value: string, rank: number, to: 'back' | 'front'): string {
  if (!c.lead.length) return value;
  const all = Array.from({ length: rank }, (_, i) => i);
  const perm = to === 'back' ? [...all.map((i) => i + 1), 0] : [rank, ...all];
  return c.tape.op('Transpose', [value], { perm });
}

/** Zeros of a value's shape with the leading axis behind. */
const zerosBefore = (c: RuleContext, value: string) =>
  c.tape.op('Expand', [c.tape.scalar(0, value), c.tape.dims([...c.shape(value), ...c.lead])]);

const scatterND = rule(
  (c) => {
    const { tape, node } = c;
    const [x, index, updates] = node.input as [string, string, string];
    const reduction = stringAttr(node, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') c.refuse(`its reduction is ${reduction}`);
    const g = c.cotangent();
    const rank = c.shape(x).length;
    const last = moveLead(c, g, rank, 'back');
    if (c.wants(2)) c.give(2, moveLead(c, tape.op('GatherND', [last, index]), c.shape(updates).length, 'front'));
    if (!c.wants(0)) return;
    if (reduction === 'add') return c.give(0, g);
    c.give(0, moveLead(c, tape.op('ScatterND', [last, index, zerosBefore(c, updates)]), rank, 'front'));
  },
  [0, 2],
);

const gatherND = rule(
  (c) => {
    const { tape, node } = c;
    const [x, index] = node.input as [string, string];
    if (intAttr(node, 'batch_dims', 0)) c.refuse('it gathers by batch');
    const last = moveLead(c, c.cotangent(), c.shape(node.output[0]!).length, 'back');
    const sum = tape.op('ScatterND', [zerosBefore(c, x), index, last], { reduction: 'add' });
    c.give(0, moveLead(c, sum, c.shape(x).length, 'front'));
  },
  [0],
);

/** Operators that read or write at computed positions. */
export const GATHER: Readonly<Record<string, Rule>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  TopK: topk,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  NonZero: stop('integer'),
};
