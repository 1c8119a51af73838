import { Flow } from '../anatomy/flow.ts';
import { declared } from '../anatomy/inputs.ts';
import { BROADCAST } from '../edit/steps.ts';
import { type Dim, valueInfo } from '../onnx/build.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { canonical } from '../shape/dim.ts';
import { Facts } from '../shape/facts.ts';

/** Primes that stand for the symbols of the inputs' shapes: sizes that no graph has by chance. */
const PRIMES = Array.from({ length: 1800 }, (_, i) => i + 101).filter((n) => {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
});
/** Every other prime for each of two trials. */
const TRIALS = [0, 1].map((k) => PRIMES.filter((_, i) => i % 2 === k));

/** Where a size is found in the running graph. */
interface Source {
  readonly input: string;
  readonly axis: number;
}

/** A size as `factor * a * b`, where `a` and `b` are sizes of inputs. */
interface Expression {
  readonly factor: number;
  readonly sources: readonly Source[];
}

const evaluate = (dim: Dim, sizes: ReadonlyMap<string, number>): number =>
  typeof dim === 'number'
    ? dim
    : dim
        .split(' + ')
        .map((term) => term.split('*').reduce((a, f) => a * (sizes.get(f) ?? Number(f)), 1))
        .reduce((a, b) => a + b, 0);

/** The shapes of a graph when its inputs have the sizes of one trial; undefined where an input's shape is not declared. */
function trial(graph: EditableGraph, flow: Flow, primes: readonly number[]) {
  const inputs = graph.inputs.filter(({ name }) => graph.isInput(name)).map((info) => ({ info, ...declared(info) }));
  const named = inputs.map(({ dims }) => dims.map((d) => (typeof d === 'string' ? canonical(d) : d)));
  const factors = named.flat().flatMap((d) => (typeof d === 'string' ? d.split(/ \+ |\*/) : []));
  const symbols = [...new Set(factors)].filter((s) => !/^-?\d+$/.test(s));
  if (symbols.length > primes.length || named.flat().includes('')) return undefined;
  const sizes = new Map(symbols.map((s, i) => [s, s.startsWith(BROADCAST) ? 1 : primes[i]!]));
  const dims = named.map((list) => list.map((d) => evaluate(d, sizes)));
  const facts = new Facts({
    nodes: flow.order,
    inputs: inputs.map(({ info, type }, i) => valueInfo(info.name, type, dims[i]!)),
    initializers: graph.initializers.values(),
    ...(graph.model.external ? { external: graph.model.external } : {}),
  });
  return {
    facts,
    sources: inputs.flatMap(({ info }, i) => dims[i]!.map((size, axis) => ({ input: info.name, axis, size }))),
  };
}
type Trial = NonNullable<ReturnType<typeof trial>>;

type Sizes = readonly [number, number];

/** Sizes of an axis in both trials. */
interface Axis extends Source {
  readonly sizes: Sizes;
}

/** Axes of inputs that have a length of their own: of those that always agree (a decoder has dozens) the first. */
function ownAxes(one: Trial, two: Trial): Axis[] {
  const found = new Map<string, Axis>();
  one.sources.forEach(({ input, axis, size }, i) => {
    const sizes: Sizes = [size, two.sources[i]!.size];
    if (size !== sizes[1] && !found.has(`${sizes}`)) found.set(`${sizes}`, { input, axis, sizes });
  });
  return [...found.values()];
}

/** A size of both trials in terms of one or two axes of inputs. */
function express(sizes: Sizes, axes: readonly Axis[]): Expression | undefined {
  if (sizes[0] === sizes[1]) return { factor: sizes[0], sources: [] };
  const lists = [...axes.map((a) => [a]), ...axes.flatMap((a) => axes.map((b) => [a, b]))];
  for (const sources of lists) {
    const factor = (trial: 0 | 1) => sources.reduce((n, axis) => n / axis.sizes[trial], sizes[trial]);
    if (Number.isInteger(factor(0)) && factor(0) === factor(1)) return { factor: factor(0), sources };
  }
  return undefined;
}

/**
 * Lets the shapes of computed values be worked out from the shapes of the graph's inputs, so that nobody has to wait for
 * the values. What a shape depends on is found by trying two sets of input sizes.
 */
export function liftShapes(graph: EditableGraph): void {
  const flow = new Flow(graph);
  const [a, b] = TRIALS.map((primes) => trial(graph, flow, primes));
  if (!a || !b) return;
  const axes = ownAxes(a, b);
  const made = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key)!;
  };
  const dimension = ({ factor, sources }: Expression): string =>
    once(JSON.stringify([factor, sources]), () => {
      const read = sources.map(({ input, axis }) =>
        once(`${axis} ${input}`, () =>
          graph.op('Gather', [once(input, () => graph.op('Shape', [input])), graph.addInts([axis])]),
        ),
      );
      return [...(factor === 1 && read.length ? [] : [graph.addInts([factor])]), ...read].reduce((x, y) =>
        graph.op('Mul', [x, y]),
      );
    });
  for (const node of flow.order) {
    const [value] = node.input;
    if (
      node.opType !== 'Shape' ||
      node.attribute.some((x) => x.name !== 'start' || Number(x.i) !== 0) ||
      graph.isInput(value!)
    )
      continue;
    const [one, two] = [a.facts.shape(value!), b.facts.shape(value!)];
    const numeric = one?.every((d) => typeof d === 'number') && two?.every((d) => typeof d === 'number');
    if (!one || !two || !numeric) continue;
    const known = one.map((d, i) => express([d as number, two[i] as number], axes));
    if (!known.every((e) => e)) continue;
    graph.replaceUses(
      node.output[0]!,
      graph.op(
        'Concat',
        known.map((e) => dimension(e!)),
        { axis: 0 },
      ),
    );
    graph.removeNode(node);
  }
}
