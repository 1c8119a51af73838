import type { Dim } from '../onnx/build.ts';
import type { Tape } from './tape.ts';

/** A summand of a cotangent: `base` (with the leading axis) times a forward value; it may still have to be broadcast. */
export interface Term {
  readonly base: string;
  readonly factor?: string | undefined;
}

export const equalShapes = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

export const times = (tape: Tape, a: string | undefined, b: string | undefined): string | undefined =>
  a && b ? tape.pure('Mul', [a, b]) : (a ?? b);

/** One term for all that share a base: their factors are forward values and add up without the leading axis. */
function merge(tape: Tape, terms: readonly Term[], value: string): Term[] {
  const byBase = new Map<string, (string | undefined)[]>();
  for (const { base, factor } of terms) byBase.set(base, [...(byBase.get(base) ?? []), factor]);
  return [...byBase].map(([base, factors]) => ({
    base,
    factor:
      factors.length === 1
        ? factors[0]
        : factors.map((f) => f ?? tape.scalar(1, value)).reduce((a, b) => tape.pure('Add', [a, b])),
  }));
}

const product = (tape: Tape, { base, factor }: Term): string => (factor ? tape.op('Mul', [base, factor]) : base);

/** The cotangent of `value` as one term, unmultiplied where there is only one base. */
export function single(tape: Tape, terms: readonly Term[], value: string): Term {
  const merged = merge(tape, terms, value);
  if (merged.length === 1) return merged[0]!;
  return { base: merged.map((t) => product(tape, t)).reduce((a, b) => tape.op('Add', [a, b])) };
}

/** A term multiplied out, of the full shape `[lead, ...value]`. */
export function full(tape: Tape, term: Term, value: string, lead: readonly Dim[]): string {
  const whole = product(tape, term);
  const shape = tape.facts.shape(value);
  const known = tape.facts.shape(whole);
  if (shape && known && equalShapes(known, [...lead, ...shape])) return whole;
  return tape.op('Expand', [whole, tape.shapeOf(value, lead)]);
}

/** A forward value with its known shape. */
interface Shaped {
  readonly name: string;
  readonly dims: readonly Dim[];
}

/**
 * Sums `grad` `[lead, ...from]` over the axes along which `to` was broadcast to `from`: fixed axes where the shapes are
 * known, axes found while the graph runs where they are not.
 */
export function unbroadcast(tape: Tape, grad: string, from: readonly Dim[], to: Shaped, lead: readonly Dim[]): string {
  const extra = from.length - to.dims.length;
  const shift = lead.length;
  if (to.dims.some((d, i) => d !== 1 && d !== from[i + extra])) {
    const ones: Dim[] = Array(extra).fill(1);
    const padded = tape.dims([...lead, ...ones, ...to.dims]);
    const differ = tape.op('Not', [tape.op('Equal', [padded, tape.op('Shape', [grad])])]);
    const axes = tape.op('Squeeze', [tape.op('NonZero', [differ]), tape.ints([0])]);
    const summed = tape.op('ReduceSum', [grad, axes], { keepdims: 1, noop_with_empty_axes: 1 });
    return tape.op('Reshape', [summed, tape.shapeOf(to.name, lead)]);
  }
  const kept = to.dims.flatMap((d, i) => (d === 1 && from[i + extra] !== 1 ? [i + extra + shift] : []));
  const dropped = Array.from({ length: extra }, (_, i) => i + shift);
  const summed = kept.length ? tape.op('ReduceSum', [grad, tape.ints(kept)], { keepdims: 1 }) : grad;
  return dropped.length ? tape.op('ReduceSum', [summed, tape.ints(dropped)], { keepdims: 0 }) : summed;
}
