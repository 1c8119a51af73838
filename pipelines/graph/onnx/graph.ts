import { create, toBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { GraphError } from '../errors.ts';
import { type ElementType, i64, type Tensor } from '../tensor.ts';
import { type Attributes, attribute, type Dim, tensorProto, valueInfo } from './build.ts';
import { sortNodes } from './check.ts';
import { IndexedGraph } from './indexed.ts';
import type { OnnxModel } from './model.ts';

/** A value's type, with its shape where it is known. */
function looseInfo(name: string, type: ElementType, dims: readonly Dim[] | undefined) {
  const info = valueInfo(name, type, dims ?? []);
  if (!dims && info.type?.value.case === 'tensorType') delete info.type.value.value.shape;
  return info;
}

/**
 * A graph that can be changed: new nodes and weights, rewiring, inputs and outputs, cutting.
 *
 * @example
 * const g = new EditableGraph(await readModel('model.onnx'));
 * g.insertAfter('x', (x) => g.op('Relu', [x]));
 * g.addOutput('x', 'float32', ['batch', 'pos', 64]);
 * g.cutAt(['x']);
 * const session = await openSession(g.toBytes(), { externalFolder: g.model.folder });
 */
export class EditableGraph extends IndexedGraph {
  readonly #domains = new Map<string, bigint>();

  /** Shapes that the file declares of inner values: true of every value that keeps its name. */
  readonly declared: readonly ValueInfoProto[];

  constructor(model: OnnxModel, declared: readonly ValueInfoProto[] = model.proto.graph.valueInfo) {
    super(model);
    this.declared = declared;
    for (const { domain, version } of model.proto.opsetImport) this.#domains.set(domain, version);
  }

  /** Version of the default operator set. */
  get opset(): number {
    return Number(this.#domains.get('') ?? this.#domains.get('ai.onnx') ?? 0);
  }

  /** Makes sure that the model imports an operator domain. */
  needDomain(domain: string, version: number): void {
    if (domain === '' && this.#domains.has('ai.onnx')) return;
    if (!this.#domains.has(domain)) this.#domains.set(domain, BigInt(version));
  }

  /** One node with one output, which is returned. An absent optional input is `''`. */
  op(type: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.ops(type, inputs, attributes, 1, domain)[0]!;
  }

  /** One node with several outputs. */
  ops(type: string, inputs: readonly string[], attributes: Attributes, outputs: number, domain = ''): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh(type));
    this.#node(type, inputs, names, attributes, domain);
    return names;
  }

  #node(type: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}, domain = '') {
    const name = this.fresh(`${type}.node`);
    const list = Object.entries(attributes).map(([key, value]) => attribute(key, value));
    const init = { name, opType: type, domain, input: [...inputs], output: [...outputs], attribute: list };
    this.needDomain(domain, 1);
    return this.addNode(create(NodeProtoSchema, init));
  }

  /** A stored weight of another graph, under its own name. */
  addWeight(proto: TensorProto): void {
    this.names.add(proto.name);
    this.weights.set(proto.name, proto);
  }

  /** A new weight; returns its name. */
  addConstant(tensor: Tensor, hint = 'const'): string {
    const name = this.fresh(hint);
    this.weights.set(name, tensorProto(tensor, name));
    return name;
  }

  /** Puts a weight in place of the one of its name, or adds it. */
  setWeight(tensor: TensorProto): void {
    this.names.add(tensor.name);
    this.weights.set(tensor.name, tensor);
  }

  /** An int64 constant `[values.length]`; for a number, a scalar. */
  addInts(values: readonly number[] | number, hint = 'ints'): string {
    return this.addConstant(typeof values === 'number' ? i64([values], []) : i64(values), hint);
  }

  /** @param dims left out where not even the rank is certain */
  addInput(name: string, type: ElementType, dims?: readonly Dim[]): string {
    if (this.producer(name) || this.weights.has(name) || this.inputs.some((v) => v.name === name))
      throw new GraphError('argument', `the graph already has a value "${name}"`, 'choose another name');
    this.names.add(name);
    this.inputs.push(looseInfo(name, type, dims));
    return name;
  }

  /**
   * Gives a value to the outside, under `name` where that differs (an Identity node).
   * @param dims left out where not even the rank is certain
   */
  addOutput(value: string, type: ElementType, dims?: readonly Dim[], name = value): string {
    if (name !== value) this.#node('Identity', [value], [name]);
    if (this.isOutput(name)) return name;
    this.outputs.push(looseInfo(name, type, dims));
    return name;
  }

  /** The name of a node's output, which is added where the node left it out (an optional output). */
  nodeOutput(node: NodeProto, index: number): string {
    if (!node.output[index]) this.setOutput(node, index, this.fresh(node.opType));
    return node.output[index]!;
  }

  /**
   * Replaces a value by a function of it, for every reader and for the graph's outputs: what `build` adds reads the old
   * value, everything else the new one. Returns the new value's name, which for a graph output is the name it had.
   */
  insertAfter(value: string, build: (old: string) => string): string {
    const node = this.producer(value);
    const output = this.isOutput(value);
    if (output && !node)
      throw new GraphError('argument', `"${value}" is an input and an output of the graph`, 'choose another site');
    const readers = this.consumers(value);
    let old = value;
    if (output && node) {
      old = this.fresh('before');
      this.setOutput(node, node.output.indexOf(value), old);
    }
    const after = build(old);
    if (output) this.#node('Identity', [after], [value]);
    else {
      const others = new Set(this.consumers(value));
      for (const reader of readers) others.delete(reader);
      this.replaceUses(value, after, others);
    }
    return output ? value : after;
  }

  /** Keeps only the given graph outputs, and of nodes, weights and inputs only what these need. */
  cutAt(outputs: readonly string[]): void {
    const known = new Map(this.outputs.map((v) => [v.name, v]));
    this.outputs = outputs.map((name) => {
      const output = known.get(name);
      if (output) return output;
      throw new GraphError('argument', `"${name}" is not an output of the graph`, 'add it with addOutput first');
    });
    this.prune();
  }

  /** Drops nodes that no graph output needs, then weights and inputs that no node reads. */
  prune(): void {
    const needed = this.below(this.outputs.map(({ name }) => name));
    for (const node of [...this.nodes]) if (!needed.has(node)) this.removeNode(node);
    const used = (name: string) => this.consumers(name).length > 0 || this.isOutput(name);
    for (const name of [...this.weights.keys()]) if (!used(name)) this.weights.delete(name);
    this.inputs = this.inputs.filter(({ name }) => used(name));
  }

  /** The edited model, nodes sorted; metadata and functions of the file are kept. Throws `GraphError` on a cycle. */
  toModel(): OnnxModel['proto'] {
    const { proto } = this.model;
    const given = new Set([...this.inputs.map((v) => v.name), ...this.weights.keys()]);
    const graph: GraphProto = Object.assign(Object.create(Object.getPrototypeOf(proto.graph)), proto.graph, {
      node: sortNodes([...this.nodes], given),
      initializer: [...this.weights.values()],
      input: this.inputs,
      output: this.outputs,
      // shapes noted by the exporter no longer hold once a value is changed
      valueInfo: [],
    });
    return Object.assign(Object.create(Object.getPrototypeOf(proto)), proto, {
      graph,
      opsetImport: [...this.#domains].map(([domain, version]) => create(OperatorSetIdProtoSchema, { domain, version })),
    });
  }

  /** The file; external weights are not in it. */
  toBytes(): Uint8Array {
    return toBinary(ModelProtoSchema, this.toModel());
  }

  /** A second, independent graph with the same content. */
  clone(): EditableGraph {
    return new EditableGraph({ ...this.model, proto: this.toModel() }, this.declared);
  }
}
