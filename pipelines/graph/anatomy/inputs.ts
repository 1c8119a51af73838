import type { NodeProto, ValueInfoProto } from 'onnx-buf';
import { GraphError } from '../errors.ts';
import type { Dim } from '../onnx/build.ts';
import { elementType } from '../onnx/values.ts';
import type { ElementType } from '../tensor.ts';
import type { Flow } from './flow.ts';
import { constantShape } from './products.ts';

/** What a graph input is for. */
export type InputRole = 'tokens' | 'mask' | 'positions' | 'past' | 'flag' | 'other';

export interface GraphInput {
  readonly name: string;
  readonly role: InputRole;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

export interface Tokens {
  readonly input: string;
  readonly kind: 'ids' | 'embeddings';
  /** The looked-up rows `[batch, pos, dModel]`, where the graph takes ids. */
  readonly embedded?: string;
}

/** Input that holds the row numbers, by look-up operator. */
const LOOKUPS: Readonly<Record<string, { readonly table: number; readonly rows: number }>> = {
  Gather: { table: 0, rows: 1 },
  GatherBlockQuantized: { table: 0, rows: 1 },
  EmbedLayerNormalization: { table: 2, rows: 0 },
};
/** Operators whose input of that index holds positions. */
const POSITION_INPUT: Readonly<Record<string, number>> = { RotaryEmbedding: 1, GroupQueryAttention: 9, Cos: 0, Sin: 0 };
/** Where a mask ends. */
const SCORES = new Set(['Softmax', 'GroupQueryAttention', 'MultiHeadAttention', 'Attention']);

/** Type and declared dimensions of a graph input. Throws `GraphError` where it is no tensor that the engine moves. */
export function declared(info: ValueInfoProto): { type: ElementType; dims: Dim[] } {
  const tensor = info.type?.value.case === 'tensorType' ? info.type.value.value : undefined;
  const type = tensor && elementType(tensor.elemType);
  if (!tensor || !type)
    throw new GraphError(
      'unsupported',
      `graph input "${info.name}" is no tensor of a known type`,
      'export the model again',
    );
  const dims = (tensor.shape?.dim ?? []).map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : value.case === 'dimParam' ? value.value : '',
  );
  return { type, dims };
}

/** The nodes that a value goes into, itself or changed, down to what `stop` holds back. */
function reachedBy(flow: Flow, value: string, stop: (node: NodeProto) => boolean): [NodeProto, string][] {
  const reached: [NodeProto, string][] = [];
  const seen = new Set([value]);
  const stack = [value];
  while (stack.length) {
    const name = stack.pop()!;
    for (const node of flow.graph.consumers(name)) {
      if (!flow.dataInputs(node).includes(name)) continue;
      reached.push([node, name]);
      if (stop(node)) continue;
      for (const output of node.output)
        if (output && !seen.has(output)) {
          seen.add(output);
          stack.push(output);
        }
    }
  }
  return reached;
}

const isLookup = (flow: Flow, node: NodeProto, rows: string): boolean => {
  const form = LOOKUPS[node.opType];
  return !!form && node.input[form.rows] === rows && flow.isConstant(node.input[form.table]!);
};

/** The tokens that the embedding `origin` is made of. Throws `GraphError`. */
export function findTokens(flow: Flow, origin: string, vocab: number | undefined): Tokens {
  const below = [...flow.ancestors(origin, '')];
  const direct = flow.graph.isInput(origin)
    ? [origin]
    : below
        .flatMap((n) => n.input)
        .filter((name) => flow.graph.isInput(name) && declaredOf(flow, name).type.startsWith('float'));
  const lookups = below
    .filter((node) => LOOKUPS[node.opType] && isLookup(flow, node, node.input[LOOKUPS[node.opType]!.rows]!))
    .map((node) => {
      const form = LOOKUPS[node.opType]!;
      return {
        node,
        input: sourceOf(flow, node.input[form.rows]!),
        rows: constantShape(flow, node.input[form.table]!)?.[0],
      };
    })
    .filter((x): x is typeof x & { input: string } => !!x.input);
  if (direct.length === 1) return { input: direct[0]!, kind: 'embeddings' };
  const named = lookups.filter(({ rows }) => rows === vocab);
  const ids = named.length ? named : lookups;
  // a learned position table may have as many rows as the vocabulary: then only the name tells the two apart
  const best = ids.find(({ input }) => /ids|tokens/i.test(input) && !/position|type/i.test(input)) ?? ids[0];
  if (!best || (new Set(ids.map((x) => x.input)).size > 1 && !/ids|tokens/i.test(best.input)))
    throw new GraphError(
      'unsupported',
      `no graph input carries tokens into the residual stream; candidates: ${[...new Set(lookups.map((l) => l.input)), ...direct].join(', ') || 'none'}`,
      'export the decoder with input_ids or inputs_embeds',
    );
  return { input: best.input, kind: 'ids', embedded: unpacked(flow, best.node.output[0]!) };
}

const declaredOf = (flow: Flow, name: string) => declared(flow.graph.inputs.find((v) => v.name === name)!);

/** Rows of a table of integers are scaled after they are looked up. */
function unpacked(flow: Flow, rows: string): string {
  const readers = flow.graph.consumers(rows);
  return readers.length === 1 && readers[0]!.opType === 'DequantizeLinear' ? readers[0]!.output[0]! : rows;
}

/** The one graph input that a value of row numbers comes from. */
function sourceOf(flow: Flow, rows: string): string | undefined {
  const sources = new Set(
    [rows, ...[...flow.ancestors(rows, '')].flatMap((n) => flow.dataInputs(n))].filter((v) => flow.graph.isInput(v)),
  );
  return sources.size === 1 ? [...sources][0] : undefined;
}

/** What every graph input is for. */
export function inputRoles(flow: Flow, tokens: Tokens): GraphInput[] {
  const stop = (node: NodeProto) => SCORES.has(node.opType) || node.opType in POSITION_INPUT || node.opType in LOOKUPS;
  return flow.graph.inputs
    .filter(({ name }) => flow.graph.isInput(name))
    .map((info) => {
      const { name } = info;
      const { type, dims } = declared(info);
      const role = (): InputRole => {
        if (name === tokens.input) return 'tokens';
        if (dims.length >= 4) return 'past';
        if (type === 'bool' && dims.length <= 1) return 'flag';
        if (dims.length !== 2) return 'other';
        const reached = reachedBy(flow, name, stop);
        const positions = reached.some(
          ([node, value]) => node.input[POSITION_INPUT[node.opType] ?? -1] === value || isLookup(flow, node, value),
        );
        return positions ? 'positions' : 'mask';
      };
      return { name, role: role(), type, dims };
    });
}
