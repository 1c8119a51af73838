import type { NodeProto } from 'onnx-buf';
import { GraphError, reading } from '../errors.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { Facts } from '../shape/facts.ts';
import type { Anatomy, Site } from '../types.ts';
import { assembleBlocks, type Block } from './blocks.ts';
import { Flow } from './flow.ts';
import { findTokens, type GraphInput, inputRoles } from './inputs.ts';
import { type Place, placesOf } from './places.ts';
import { constantShape } from './products.ts';
import { findStream } from './stream.ts';

export type { Place } from './places.ts';

/** An anatomy with the values of one graph that its sites are. */
export interface GraphAnatomy extends Anatomy {
  readonly places: ReadonlyMap<Site, Place>;
  readonly inputs: readonly GraphInput[];
  /** The attention of each layer: a fused node, or the product of weights and values of a plain graph. */
  readonly attention: readonly { readonly node: NodeProto; readonly fused: boolean }[];
}

/** Head counts of a decoder; every block has the same. */
function headCounts(blocks: readonly Block[], facts: Facts, inputs: readonly GraphInput[]) {
  const counts = blocks.map(({ attention: { kernel } }) => {
    const width = kernel.output.inner ?? 0;
    const sizes = kernel.byHead?.map((value) => facts.shape(value)?.at(-1)) ?? [];
    const dHead = sizes.find((size) => typeof size === 'number');
    return { heads: kernel.heads ?? (dHead ? width / dHead : undefined), width };
  });
  const { heads, width } = counts[0]!;
  if (!heads || !width || width % heads)
    throw new GraphError(
      'unsupported',
      `the number of heads cannot be told: ${heads ?? 'unknown'} heads, ${width} columns at the output projection`,
      'export the decoder with constant head sizes',
    );
  const uneven = counts.findIndex((c) => c.heads !== heads || c.width !== width);
  if (uneven > 0)
    throw new GraphError(
      'unsupported',
      `layer ${uneven} has other heads than layer 0`,
      'open a decoder of equal layers',
    );
  const dHead = width / heads;
  const cache = inputs.find(({ role, dims }) => role === 'past' && dims.length === 4 && dims[3] === dHead)?.dims[1];
  const { kernel, keyWidth } = blocks[0]!.attention;
  const stated = typeof cache === 'number' ? cache : kernel.kvHeads;
  const projected = keyWidth && (keyWidth.packed ? (keyWidth.columns / dHead - heads) / 2 : keyWidth.columns / dHead);
  return { heads, dHead, kvHeads: stated ?? projected ?? heads };
}

/**
 * Finds the sites of a decoder by the structure of its graph: names are never needed. Names the sums inside fused
 * norms that had no name.
 *
 * @throws GraphError `unsupported` with the nearest candidates where the graph is no pre-norm decoder that it knows
 */
export const findAnatomy = (graph: EditableGraph): GraphAnatomy => reading(() => anatomyOf(graph));

function anatomyOf(graph: EditableGraph): GraphAnatomy {
  const flow = new Flow(graph);
  const stream = findStream(flow);
  for (const { sum } of stream.additions) graph.nodeOutput(sum.node, sum.output);
  const facts = new Facts({
    nodes: flow.order,
    inputs: graph.inputs,
    initializers: [...graph.initializers.values()],
    ...(graph.model.external ? { external: graph.model.external } : {}),
  });
  const origin = stream.additions[0]!.before;
  const vocab = stream.unembedding.outer;
  const tokens = findTokens(flow, origin, vocab);
  const inputs = inputRoles(flow, tokens);
  const blocks = assembleBlocks(flow, facts, stream.additions);
  const dModel = stream.unembedding.inner ?? constantShape(flow, stream.unembedding.weight)?.[0];
  if (!dModel || !vocab)
    throw new GraphError('unsupported', 'the size of the unembedding cannot be told', 'export the decoder again');
  const counts = headCounts(blocks, facts, inputs);
  const places = placesOf({ flow, facts, stream, blocks, tokens, counts });
  return {
    layers: blocks.length,
    dModel,
    vocab,
    ...counts,
    tokens: { input: tokens.input, kind: tokens.kind },
    sites: [...places.keys()],
    places,
    inputs,
    attention: blocks.map(({ attention: { kernel } }) => ({ node: kernel.node, fused: kernel.fused })),
  };
}
