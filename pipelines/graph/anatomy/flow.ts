import type { NodeProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { reads, sortNodes } from '../onnx/check.ts';
import type { IndexedGraph } from '../onnx/indexed.ts';

/** Ops that give their first input unchanged, or in another precision. */
const PASS = new Set(['Cast', 'CastLike', 'Identity', 'Dropout']);
/** Ops that read only the shape of their input. */
const SHAPE_ONLY = new Set(['Shape', 'Size']);
/** Ops that give a sum and the norm of it. */
const NORM_AND_SUM = new Set(['SkipSimplifiedLayerNormalization', 'SkipLayerNormalization', 'EmbedLayerNormalization']);
/** Ops whose first input alone is data, the rest shapes, axes and types. */
const FIRST_INPUT = new Set([
  'Reshape',
  'Expand',
  'Unsqueeze',
  'Squeeze',
  'Slice',
  'Split',
  'Cast',
  'CastLike',
  'Identity',
  'Dropout',
  'Tile',
  'Trilu',
]);

/** Visits of nodes that the search for sites may take: a decoder of 100 layers takes some 10^5. */
const BUDGET = 10_000_000;

/**
 * The flow of data through a graph: shapes read off a value do not count, nor what is constant.
 * A snapshot: it does not follow later edits.
 */
export class Flow {
  readonly graph: IndexedGraph;
  readonly order: readonly NodeProto[];
  readonly #index = new Map<NodeProto, number>();
  readonly #constant = new Set<string>();
  #left = BUDGET;

  constructor(graph: IndexedGraph) {
    this.graph = graph;
    const given = new Set([...graph.inputs.map((v) => v.name), ...graph.initializers.keys()]);
    this.order = sortNodes([...graph.nodes], given);
    for (const name of graph.initializers.keys()) this.#constant.add(name);
    this.order.forEach((node, i) => {
      this.#index.set(node, i);
      if (![...reads(node)].every((name) => this.#constant.has(name))) return;
      for (const name of node.output) if (name) this.#constant.add(name);
    });
  }

  isConstant(value: string): boolean {
    return this.#constant.has(value);
  }

  /** Place of a value's producer in the order; -1 for what comes from outside. */
  index(value: string): number {
    const node = this.graph.producer(value);
    return node ? this.#index.get(node)! : -1;
  }

  /** Values whose elements (not shapes) a node's outputs depend on. */
  dataInputs(node: NodeProto): string[] {
    if (SHAPE_ONLY.has(node.opType)) return [];
    const inputs = FIRST_INPUT.has(node.opType) ? node.input.slice(0, 1) : [...reads(node)];
    return inputs.filter((name) => name && !this.#constant.has(name));
  }

  /** The value before casts, identities and dropouts. */
  strip(value: string): string {
    let at = value;
    for (;;) {
      const node = this.graph.producer(at);
      if (!node || !PASS.has(node.opType) || this.#constant.has(at)) return at;
      at = node.input[0]!;
    }
  }

  /** Throws `GraphError` where a graph is made to be searched for ever. */
  #spend(visits: number): void {
    this.#left -= visits;
    if (this.#left < 0)
      throw new GraphError(
        'limit',
        'the graph is too entangled to find its sites',
        'open a decoder as an exporter wrote it',
      );
  }

  /** The values that stand for `value`: a fused norm gives its sum and the norm of it. */
  #siblings(value: string): readonly string[] {
    const node = this.graph.producer(value);
    return node && NORM_AND_SUM.has(node.opType) ? node.output : [value];
  }

  /** All that `value` depends on down to `floor` (excluded), the nodes in no order. */
  ancestors(value: string, floor: string): Set<NodeProto> {
    const found = new Set<NodeProto>();
    const lowest = this.index(floor);
    const bottom = this.graph.producer(floor);
    const stack = [value];
    while (stack.length) {
      const node = this.graph.producer(stack.pop()!);
      if (!node || node === bottom || found.has(node) || this.#index.get(node)! < lowest) continue;
      found.add(node);
      this.#spend(1);
      stack.push(...this.dataInputs(node));
    }
    return found;
  }

  /** Whether `value` is computed from the elements of `from`. */
  dependsOn(value: string, from: string): boolean {
    const sources = new Set(this.#siblings(from));
    for (const node of this.ancestors(value, from))
      if (this.dataInputs(node).some((name) => sources.has(name))) return true;
    return false;
  }

  /** Nodes between `from` and `to`: they depend on the one, and the other depends on them; in order. */
  between(from: string, to: string): NodeProto[] {
    const reached = new Set(this.#siblings(from));
    const nodes = [...this.ancestors(to, from)].sort((a, b) => this.#index.get(a)! - this.#index.get(b)!);
    return nodes.filter((node) => {
      if (!this.dataInputs(node).some((name) => reached.has(name))) return false;
      for (const name of node.output) if (name) reached.add(name);
      return true;
    });
  }

  /** The nearest value below that everything reaching `value` passes through; undefined where there is none. */
  dominator(value: string): string | undefined {
    const frontier = new Map([[value, this.index(value)]]);
    do {
      this.#spend(frontier.size);
      let top = value;
      let highest = Number.NEGATIVE_INFINITY;
      for (const [name, index] of frontier)
        if (index > highest) {
          top = name;
          highest = index;
        }
      const node = this.graph.producer(top);
      if (!node) return undefined;
      // other outputs of the same node fall away with it
      for (const name of node.output) frontier.delete(name);
      for (const name of this.dataInputs(node)) frontier.set(name, this.index(name));
    } while (frontier.size > 1);
    return [...frontier.keys()][0];
  }
}
