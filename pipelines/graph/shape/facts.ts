import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import { constantNode } from '../onnx/attributes.ts';
import type { Dim } from '../onnx/build.ts';
import { elementType, numbersOf, type ReadExternal, shapeOf, tensorValue } from '../onnx/values.ts';
import { type ElementType, sizeOf, type Tensor } from '../tensor.ts';
import { canonical } from './dim.ts';
import { SHAPE_RULES } from './rules/index.ts';
import { outputType } from './type.ts';

/** Tensors up to this many elements are read as constants. */
const SMALL = 4096;

/** A graph as shape inference and differentiation read it. `nodes` are in topological order. */
export interface GraphView {
  readonly nodes: Iterable<NodeProto>;
  readonly inputs: readonly ValueInfoProto[];
  readonly initializers: Iterable<TensorProto>;
  /** Declared shapes of inner values, a hint where the rules know nothing. */
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly external?: ReadExternal;
}

/** Where a symbolic dimension can be read while the graph runs: `Shape(value)[axis]`. */
export interface DimSource {
  readonly value: string;
  readonly axis: number;
}

const declared = (info: ValueInfoProto): Dim[] | undefined => {
  const type = info.type?.value;
  if (type?.case !== 'tensorType' || !type.value.shape) return undefined;
  return type.value.shape.dim.map(({ value }, axis) =>
    value.case === 'dimValue'
      ? Number(value.value)
      : value.case === 'dimParam' && value.value
        ? canonical(value.value)
        : `${info.name.replace(/\W/g, '_')}.${axis}`,
  );
};

/**
 * What is known of a graph's values before it runs: symbolic shapes, the elements of small integer tensors
 * (also symbolic), constants, and where each symbolic dimension can be read.
 */
export class Facts {
  readonly #shapes = new Map<string, readonly Dim[]>();
  readonly #ints = new Map<string, readonly Dim[]>();
  readonly #constants = new Map<string, Tensor>();
  readonly #initializers = new Map<string, TensorProto>();
  readonly #sources = new Map<string, DimSource>();
  readonly #types = new Map<string, ElementType>();
  readonly #hints = new Map<string, readonly Dim[]>();
  readonly #external: ReadExternal | undefined;
  #fresh = 0;

  constructor(view: GraphView) {
    this.#external = view.external;
    for (const proto of view.initializers) this.initializer(proto);
    for (const info of view.valueInfo ?? []) {
      const shape = declared(info);
      if (shape) this.#hints.set(info.name, shape);
    }
    for (const info of view.inputs) this.input(info);
    for (const node of view.nodes) this.infer(node);
  }

  input(info: ValueInfoProto): void {
    const type = info.type?.value.case === 'tensorType' ? elementType(info.type.value.value.elemType) : undefined;
    if (type) this.#types.set(info.name, type);
    const shape = declared(info);
    if (shape && !this.#initializers.has(info.name)) this.setShape(info.name, shape);
  }

  initializer(proto: TensorProto): void {
    this.#initializers.set(proto.name, proto);
    this.#shapes.set(proto.name, shapeOf(proto));
    const type = elementType(proto.dataType);
    if (type) this.#types.set(proto.name, type);
  }

  constantValue(name: string, tensor: Tensor): void {
    this.#constants.set(name, tensor);
    this.#shapes.set(name, tensor.dims);
    this.#types.set(name, tensor.type);
  }

  /** Element type of a value, as far as it can be told from its producer. */
  type(value: string): ElementType | undefined {
    return this.#types.get(value);
  }

  /** Symbolic shape of a value, undefined where not even its rank is known. */
  shape(value: string): readonly Dim[] | undefined {
    return this.#shapes.get(value);
  }

  /** Elements of a small integer tensor, symbolic or known. */
  ints(value: string): readonly Dim[] | undefined {
    const known = this.#ints.get(value);
    if (known) return known;
    const constant = this.constant(value);
    return constant && !constant.type.startsWith('float') ? numbersOf(constant) : undefined;
  }

  /** A small constant of the graph. Throws `GraphError` where its bytes are broken. */
  constant(value: string): Tensor | undefined {
    const known = this.#constants.get(value);
    if (known) return known;
    const proto = this.#initializers.get(value);
    if (!proto || sizeOf(shapeOf(proto)) > SMALL) return undefined;
    const tensor = tensorValue(proto, this.#external);
    this.#constants.set(value, tensor);
    return tensor;
  }

  /** The initializer of that name, of any size. */
  weight(value: string): TensorProto | undefined {
    return this.#initializers.get(value);
  }

  isConstant(value: string): boolean {
    return this.#initializers.has(value) || this.#constants.has(value);
  }

  source(dim: string): DimSource | undefined {
    return this.#sources.get(dim);
  }

  /** Takes note that a value has another name now. */
  renamed(from: string, to: string): void {
    for (const [dim, source] of this.#sources)
      if (source.value === from) this.#sources.set(dim, { ...source, value: to });
  }

  fresh(): Dim {
    this.#fresh += 1;
    return `?${this.#fresh}`;
  }

  setShape(value: string, shape: readonly Dim[]): void {
    this.#shapes.set(value, shape);
    shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && !this.#sources.has(dim)) this.#sources.set(dim, { value, axis });
    });
  }

  /** Takes note of a node's outputs. */
  infer(node: NodeProto): void {
    if (node.opType === 'Constant') {
      const tensor = constantNode(node);
      if (tensor) this.constantValue(node.output[0]!, tensor);
      return;
    }
    const known = SHAPE_RULES[node.opType]?.(node, this) ?? {};
    node.output.forEach((value, i) => {
      if (!value) return;
      const ints = known.ints;
      if (i === 0 && ints) this.#ints.set(value, ints);
      const type = outputType(node, i, (name) => this.#types.get(name));
      if (type) this.#types.set(value, type);
      const shape = known.shapes?.[i] ?? this.#hints.get(value);
      if (shape) this.setShape(value, shape);
    });
  }
}
