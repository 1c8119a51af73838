import type { NodeProto } from 'onnx-buf';
import { type Attributes, type Dim, type GraphBuilder, ONNX_TYPE } from '../onnx/build.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import type { Facts } from '../shape/facts.ts';
import { type ElementType, f32, i64, type Tensor } from '../tensor.ts';

type Float = Extract<ElementType, 'float32' | 'float64' | 'float16'>;

const HALF_ONE = 0x3c00;

/** What receives new nodes and constants. */
export interface Sink {
  ops(type: string, inputs: readonly string[], attributes: Attributes, outputs: number, domain: string): NodeProto;
  constant(tensor: Tensor): string;
}

export const builderSink = (builder: GraphBuilder): Sink => ({
  ops: (...node) => {
    builder.ops(...node);
    return builder.nodes.at(-1)!;
  },
  constant: (tensor) => builder.constant(tensor),
});

export const graphSink = (graph: EditableGraph): Sink => ({
  ops: (...node) => graph.producer(graph.ops(...node)[0]!)!,
  constant: (tensor) => graph.addConstant(tensor),
});

/** A graph being extended: every node added is inferred at once, constants are shared. Names are values. */
export class Tape {
  readonly facts: Facts;
  readonly #sink: Sink;
  readonly #cache = new Map<string, string>();

  constructor(facts: Facts, sink: Sink) {
    this.facts = facts;
    this.#sink = sink;
  }

  op(type: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.ops(type, inputs, attributes, 1, domain)[0]!;
  }

  ops(type: string, inputs: readonly string[], attributes: Attributes, outputs: number, domain = ''): string[] {
    const node = this.#sink.ops(type, inputs, attributes, outputs, domain);
    this.facts.infer(node);
    return node.output;
  }

  /** `op` of forward values: the same inputs give the same node. */
  pure(type: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#once(`${type}(${inputs})${JSON.stringify(attributes)}`, () => this.op(type, inputs, attributes));
  }

  #once(key: string, make: () => string): string {
    const known = this.#cache.get(key);
    if (known) return known;
    const value = make();
    this.#cache.set(key, value);
    return value;
  }

  constant(tensor: Tensor): string {
    const name = this.#sink.constant(tensor);
    this.facts.constantValue(name, tensor);
    return name;
  }

  /** A scalar of the element type of `like`. */
  scalar(x: number, like: string): string {
    const type = this.facts.type(like) as Float | undefined;
    return this.#once(`scalar ${x} ${type}`, () => {
      if (type === 'float16') return this.op('Cast', [this.constant(f32([x], []))], { to: ONNX_TYPE.float16 });
      if (type === 'float64') return this.constant({ type, dims: [], data: Float64Array.of(x) });
      return this.constant(f32([x], []));
    });
  }

  /** A vector of ones of the element type of `like`. */
  ones(length: number, like: string): string {
    const type = this.facts.type(like);
    return this.#once(`ones ${length} ${type}`, () => {
      if (type === 'float64') return this.constant({ type, dims: [length], data: new Float64Array(length).fill(1) });
      if (type === 'float16')
        return this.constant({ type, dims: [length], data: new Uint16Array(length).fill(HALF_ONE) });
      return this.constant(f32(new Float32Array(length).fill(1)));
    });
  }

  /** An int64 vector. */
  ints(values: readonly number[]): string {
    return this.#once(`ints ${values}`, () => this.constant(i64(values)));
  }

  /** An int64 vector of dimensions, read off the running graph where they are symbolic. */
  dims(dims: readonly Dim[]): string {
    if (dims.every((d) => typeof d === 'number')) return this.ints(dims);
    return this.#once(`dims ${dims}`, () => {
      const parts = dims.map((d) => (typeof d === 'number' ? this.ints([d]) : this.#dim(d)));
      return parts.length === 1 ? parts[0]! : this.op('Concat', parts, { axis: 0 });
    });
  }

  /** One symbolic dimension as an int64 vector of length 1: where it was seen, or the sum of products that it is. */
  #dim(dim: string): string {
    return this.#once(`dim ${dim}`, () => {
      const source = this.facts.source(dim);
      if (source) {
        const shape = this.#once(`shape ${source.value}`, () => this.op('Shape', [source.value]));
        return this.op('Gather', [shape, this.ints([source.axis])], { axis: 0 });
      }
      const terms = dim.split(' + ').map((term) => {
        const factors = term.split('*').map((f) => (/^-?\d+$/.test(f) ? this.ints([Number(f)]) : this.#dim(f)));
        return factors.reduce((a, b) => this.op('Mul', [a, b]));
      });
      return terms.reduce((a, b) => this.op('Add', [a, b]));
    });
  }

  /** The shape of `value` behind the dimensions `before`, as an int64 vector; works for unknown shapes too. */
  shapeOf(value: string, before: readonly Dim[] = []): string {
    const shape = this.facts.shape(value);
    if (shape) return this.dims([...before, ...shape]);
    const rest = this.pure('Shape', [value]);
    return before.length ? this.pure('Concat', [this.dims(before), rest], { axis: 0 }) : rest;
  }
}
