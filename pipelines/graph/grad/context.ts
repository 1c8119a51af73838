import type { NodeProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import type { Dim } from '../onnx/build.ts';
import { equalShapes, full, single, type Term, times, unbroadcast } from './cotangent.ts';
import type { RuleContext } from './rule.ts';
import type { Tape } from './tape.ts';

/** Cotangents gathered so far, by value. */
export class Cotangents {
  readonly #terms = new Map<string, Term[]>();

  has(value: string): boolean {
    return this.#terms.has(value);
  }

  give(value: string, term: Term): void {
    const found = this.#terms.get(value);
    if (found) found.push(term);
    else this.#terms.set(value, [term]);
  }

  /** The sum as one term, kept so. */
  single(tape: Tape, value: string): Term | undefined {
    const terms = this.#terms.get(value);
    if (!terms) return undefined;
    const term = single(tape, terms, value);
    this.#terms.set(value, [term]);
    return term;
  }

  /** The sum multiplied out, `[lead, ...value]`, kept so. */
  whole(tape: Tape, value: string, lead: readonly Dim[]): string | undefined {
    const term = this.single(tape, value);
    if (!term) return undefined;
    const base = full(tape, term, value, lead);
    this.#terms.set(value, [{ base }]);
    return base;
  }
}

/** The context of one node's rule: reads the cotangents of its outputs, adds to those of its inputs. */
export function contextOf(
  tape: Tape,
  node: NodeProto,
  cotangents: Cotangents,
  active: ReadonlySet<string>,
  makers: ReadonlyMap<string, NodeProto>,
  lead: readonly Dim[],
): RuleContext {
  const name = `${node.opType} "${node.name}"`;
  const refuse = (why: string): never => {
    throw new GraphError('unsupported', `${name} cannot be differentiated: ${why}`, 'ask for sites above this node');
  };
  const input = (i: number) => node.input[i]!;
  const output = (i: number) => node.output[i]!;
  const shape = (value: string) => tape.facts.shape(value) ?? refuse(`the rank of "${value}" is unknown`);
  const reduce = (value: string, from: readonly Dim[], to: string) =>
    equalShapes(from, shape(to)) ? value : unbroadcast(tape, value, from, { name: to, dims: shape(to) }, lead);
  return {
    tape,
    node,
    lead,
    shape,
    refuse,
    maker: (value) => makers.get(value),
    wants: (i) => active.has(node.input[i] ?? ''),
    has: (i) => cotangents.has(node.output[i] ?? ''),
    cotangent: (i = 0, factor) => {
      if (!factor) return cotangents.whole(tape, output(i), lead)!;
      const term = cotangents.single(tape, output(i))!;
      return full(tape, { base: term.base, factor: times(tape, term.factor, factor) }, output(i), lead);
    },
    parts: () => cotangents.single(tape, output(0))!,
    give: (i, base, factor) => cotangents.give(input(i), { base, factor }),
    unbroadcast: reduce,
    scale: (i, factor) => {
      const term = cotangents.single(tape, output(0))!;
      const scaled = { base: term.base, factor: times(tape, term.factor, factor) };
      const [from, to] = [tape.facts.shape(output(0)), tape.facts.shape(input(i))];
      if (input(i) === output(0) || (from && to && equalShapes(from, to))) cotangents.give(input(i), scaled);
      else {
        const whole = full(tape, scaled, output(0), lead);
        cotangents.give(input(i), { base: reduce(whole, shape(output(0)), input(i)) });
      }
    },
    axis: (axis) => (axis < 0 ? axis : axis + lead.length),
  };
}
