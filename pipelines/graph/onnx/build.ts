import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { ElementType, Tensor } from '../tensor.ts';

/** ONNX element type codes of the types that the engine moves. */
export const ONNX_TYPE: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

export type Attribute =
  | number
  | bigint
  | string
  | readonly number[]
  | Tensor
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/** Dimensions: a number, or the name of a symbolic one. */
export type Dim = number | string;

export function tensorProto(tensor: Tensor, name = ''): TensorProto {
  const { data } = tensor;
  return create(TensorProtoSchema, {
    name,
    dims: tensor.dims.map(BigInt),
    dataType: ONNX_TYPE[tensor.type],
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  });
}

export function valueInfo(name: string, type: ElementType, dims: readonly Dim[]): ValueInfoProto {
  const dim = dims.map((d) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof d === 'number' ? { case: 'dimValue', value: BigInt(d) } : { case: 'dimParam', value: d },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: ONNX_TYPE[type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: { case: 'tensorType', value: tensor },
    }),
  });
}

/** An attribute by JavaScript value: integral numbers and arrays of them become INT(S), others FLOAT(S). `{ int }` and `{ ints }` force integers, `{ float }` a float. */
export function attribute(name: string, value: Attribute): AttributeProto {
  const make = (type: AttributeType, init: object) => create(AttributeProtoSchema, { name, type, ...init });
  if (typeof value === 'string') return make(AttributeType.STRING, { s: new TextEncoder().encode(value) });
  if (typeof value === 'bigint') return make(AttributeType.INT, { i: value });
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? make(AttributeType.INT, { i: BigInt(value) })
      : make(AttributeType.FLOAT, { f: value });
  if (Array.isArray(value))
    return value.every(Number.isInteger)
      ? make(AttributeType.INTS, { ints: value.map(BigInt) })
      : make(AttributeType.FLOATS, { floats: [...value] });
  if ('int' in (value as object))
    return make(AttributeType.INT, {
      i: BigInt((value as { int: number }).int),
    });
  if ('float' in (value as object)) return make(AttributeType.FLOAT, { f: (value as { float: number }).float });
  if ('ints' in (value as object))
    return make(AttributeType.INTS, {
      ints: (value as { ints: number[] }).ints.map(BigInt),
    });
  if ('float' in (value as object)) return floatAttribute(name, (value as { float: number }).float);
  return make(AttributeType.TENSOR, { t: tensorProto(value as Tensor) });
}

/** A float attribute whose value happens to be integral, e.g. `epsilon: floatAttribute(1)`. */
export const floatAttribute = (name: string, f: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f });

/**
 * Writes an ONNX graph node by node; a value is its name.
 *
 * @example
 * const g = new GraphBuilder();
 * const x = g.input('x', 'float32', ['batch', 4]);
 * g.output(g.op('Relu', [x]), 'y', 'float32', ['batch', 4]);
 * const bytes = g.toBytes();
 */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly inputs: ValueInfoProto[] = [];
  readonly outputs: ValueInfoProto[] = [];
  readonly #domains = new Map<string, number>();
  readonly #prefix: string;
  #count = 0;

  /** @param prefix of generated names, unique where nodes are added to an existing graph. */
  constructor(
    options: {
      opset?: number;
      prefix?: string;
      domains?: Readonly<Record<string, number>>;
    } = {},
  ) {
    this.#prefix = options.prefix ?? 'n';
    this.#domains.set('', options.opset ?? 21);
    for (const [domain, version] of Object.entries(options.domains ?? {})) this.#domains.set(domain, version);
  }

  name(hint = ''): string {
    this.#count += 1;
    return `${this.#prefix}${this.#count}${hint && `.${hint}`}`;
  }

  input(name: string, type: ElementType, dims: readonly Dim[]): string {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** A constant of the graph. */
  constant(tensor: Tensor, name = this.name('const')): string {
    this.initializers.push(tensorProto(tensor, name));
    return name;
  }

  /** One node with one output. An absent optional input is `''`. */
  op(type: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.ops(type, inputs, attributes, 1, domain)[0]!;
  }

  /** One node with `outputs` outputs. */
  ops(type: string, inputs: readonly string[], attributes: Attributes, outputs: number, domain = ''): string[] {
    const names = Array.from({ length: outputs }, () => this.name(type));
    this.nodes.push(
      create(NodeProtoSchema, {
        name: names[0]!,
        opType: type,
        domain,
        input: [...inputs],
        output: names,
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
    return names;
  }

  /** Gives a value to the outside under `name`. */
  output(value: string, name: string, type: ElementType, dims: readonly Dim[]): void {
    if (value !== name)
      this.nodes.push(
        create(NodeProtoSchema, {
          name: `out.${name}`,
          opType: 'Identity',
          input: [value],
          output: [name],
        }),
      );
    this.outputs.push(valueInfo(name, type, dims));
  }

  toModel() {
    return create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: 'parallax',
      opsetImport: [...this.#domains].map(([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
      graph: create(GraphProtoSchema, {
        name: 'graph',
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      }),
    });
  }

  toBytes(): Uint8Array {
    return toBinary(ModelProtoSchema, this.toModel());
  }
}
