import type { AttributeProto, GraphProto, NodeProto, TensorProto } from 'onnx-buf';
import type { Tensor } from '../tensor.ts';
import { captures, reads, subgraphs } from './check.ts';
import { fold } from './fold.ts';
import type { OnnxModel } from './model.ts';
import { numbersOf, tensorValue } from './values.ts';

/** A message with the same fields, its own `input` and `output` lists. */
const copyNode = (node: NodeProto): NodeProto =>
  Object.assign(Object.create(Object.getPrototypeOf(node)), node, { input: [...node.input], output: [...node.output] });

/** Renames what a node's subgraphs read from outside. Subgraphs are shared with the model: clone the attributes first. */
export function renameCaptures(node: NodeProto, from: string, to: string): void {
  for (const graph of subgraphs(node)) {
    for (const inner of graph.node) {
      inner.input = inner.input.map((name) => (name === from ? to : name));
      if (captures(inner).has(from)) renameCaptures(inner, from, to);
    }
    for (const output of graph.output) if (output.name === from) output.name = to;
  }
}

/**
 * A graph by value name: who makes a value, who reads it, what it is where it is constant. It works on its own copy
 * of the nodes, so a model read once gives any number of graphs; weights are shared, never copied. Change nodes only
 * by the methods: they keep the index.
 */
export class IndexedGraph {
  readonly model: OnnxModel;
  inputs: GraphProto['input'];
  outputs: GraphProto['output'];
  protected readonly weights = new Map<string, TensorProto>();
  protected readonly names = new Set<string>();
  readonly #nodes = new Set<NodeProto>();
  readonly #producer = new Map<string, NodeProto>();
  readonly #consumers = new Map<string, Set<NodeProto>>();
  readonly #folded = new Map<string, Tensor | undefined>();
  #count = 0;

  constructor(model: OnnxModel) {
    this.model = model;
    const { graph } = model.proto;
    this.inputs = [...graph.input];
    this.outputs = [...graph.output];
    for (const tensor of graph.initializer) this.weights.set(tensor.name, tensor);
    for (const { name } of [...graph.input, ...graph.output, ...graph.initializer]) this.names.add(name);
    for (const node of graph.node) this.addNode(copyNode(node));
  }

  /** Nodes, in the order of the file and then of their adding. */
  get nodes(): ReadonlySet<NodeProto> {
    return this.#nodes;
  }

  get initializers(): ReadonlyMap<string, TensorProto> {
    return this.weights;
  }

  producer(value: string): NodeProto | undefined {
    return this.#producer.get(value);
  }

  /** Nodes that read a value, in the order of their adding; a node that reads it twice appears once. */
  consumers(value: string): readonly NodeProto[] {
    return [...(this.#consumers.get(value) ?? [])];
  }

  /** Whether a value comes from outside at each run. */
  isInput(value: string): boolean {
    return this.inputs.some(({ name }) => name === value) && !this.weights.has(value);
  }

  isOutput(value: string): boolean {
    return this.outputs.some(({ name }) => name === value);
  }

  initializer(name: string): TensorProto | undefined {
    return this.weights.get(name);
  }

  /** The value of a weight or `Constant` node, zero-copy where it can be; undefined for a computed value. */
  tensor(name: string): Tensor | undefined {
    const weight = this.weights.get(name);
    if (weight) return tensorValue(weight, this.model.external);
    return this.#producer.get(name)?.opType === 'Constant' ? this.constant(name) : undefined;
  }

  /** The value of what follows from constants alone (shape subgraphs), else undefined. Weights count up to 4,096 elements. */
  constant(name: string): Tensor | undefined {
    return fold(this, name, this.#folded);
  }

  /** `constant` as JavaScript numbers. */
  numbers(name: string): number[] | undefined {
    const tensor = this.constant(name);
    return tensor && numbersOf(tensor);
  }

  /** Nodes that values depend on. */
  below(values: readonly string[]): Set<NodeProto> {
    const found = new Set<NodeProto>();
    const stack = [...values];
    while (stack.length) {
      const node = this.producer(stack.pop()!);
      if (!node || found.has(node)) continue;
      found.add(node);
      for (const name of reads(node)) stack.push(name);
    }
    return found;
  }

  /** A name that nothing in the graph has. */
  fresh(hint = 'value'): string {
    let name: string;
    do {
      this.#count += 1;
      name = `parallax.${this.#count}.${hint}`;
    } while (this.names.has(name));
    this.names.add(name);
    return name;
  }

  addNode(node: NodeProto): NodeProto {
    this.#nodes.add(node);
    this.names.add(node.name);
    for (const name of node.output) if (name) this.#made(name, node);
    this.#link(node);
    return node;
  }

  removeNode(node: NodeProto): void {
    this.#nodes.delete(node);
    for (const name of node.output) if (this.#producer.get(name) === node) this.#producer.delete(name);
    this.#unlink(node);
    this.#folded.clear();
  }

  setInput(node: NodeProto, index: number, value: string): void {
    this.#unlink(node);
    while (node.input.length < index) node.input.push('');
    node.input[index] = value;
    this.#link(node);
    this.#folded.clear();
  }

  /** Gives a node an attribute in place of the one of its name. */
  setAttribute(node: NodeProto, attribute: AttributeProto): void {
    this.#unlink(node);
    node.attribute = [...node.attribute.filter(({ name }) => name !== attribute.name), attribute];
    this.#link(node);
    this.#folded.clear();
  }

  /** Names an output of a node anew; its readers go on reading the old name. */
  setOutput(node: NodeProto, index: number, value: string): void {
    const old = node.output[index];
    if (old && this.#producer.get(old) === node) this.#producer.delete(old);
    while (node.output.length < index) node.output.push('');
    node.output[index] = value;
    this.#made(value, node);
    this.#folded.clear();
  }

  /** Lets every reader of `from` (but those in `except`) read `to`. The graph's outputs keep their value. */
  replaceUses(from: string, to: string, except: ReadonlySet<NodeProto> = new Set()): void {
    for (const node of this.consumers(from)) {
      if (except.has(node)) continue;
      this.#unlink(node);
      node.input = node.input.map((name) => (name === from ? to : name));
      if (subgraphs(node).length) {
        // subgraphs are shared with the model until they are changed
        node.attribute = structuredClone(node.attribute);
        renameCaptures(node, from, to);
      }
      this.#link(node);
    }
    this.#folded.clear();
  }

  #made(name: string, node: NodeProto): void {
    this.#producer.set(name, node);
    this.names.add(name);
  }

  #link(node: NodeProto): void {
    for (const name of reads(node)) {
      const found = this.#consumers.get(name);
      if (found) found.add(node);
      else this.#consumers.set(name, new Set([node]));
    }
  }

  #unlink(node: NodeProto): void {
    for (const name of reads(node)) this.#consumers.get(name)?.delete(node);
  }
}
