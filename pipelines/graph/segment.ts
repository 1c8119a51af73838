import type { Place } from './anatomy/index.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { allowBatches } from './lower/batch.ts';
import { canLower, lower } from './lower/index.ts';
import { tapeOf } from './lower/kit.ts';
import type { EditableGraph } from './onnx/graph.ts';
import type { Session } from './session.ts';
import { sizeOf, type Tensor } from './tensor.ts';
import type { Site } from './types.ts';

/** A piece of a decoder: the graph between some sites, which become inputs, and one that becomes the output. */
export interface Segment {
  readonly session: Session;
  /** Graph input of each site of `from`, where the piece reads it. */
  readonly inputs: ReadonlyMap<Site, string>;
  readonly places: ReadonlyMap<Site, Place>;
  readonly output: string;
  /** Where the piece ends. */
  readonly end: Place;
}

/** Adds nodes behind the last site and names the output. */
export type Finish = (graph: EditableGraph, tape: Tape, place: Place) => string;

/** A fused sum and norm, of which a cut keeps one part: it is lowered where its sum is a site. */
const splits = (graph: EditableGraph, values: ReadonlySet<string>) =>
  [...graph.nodes].filter((node) => canLower(node) && node.output.length > 1 && node.output.some((v) => values.has(v)));

/** Makes a site an input of the graph: what made it is cut off. */
export function cutOff(graph: EditableGraph, tape: Tape, place: Place, index = 0): string {
  const shape = tape.facts.shape(place.value) ?? [];
  const dims = Array.from({ length: place.rank }, (_, axis) => shape[axis] ?? `parallax_${index}_${axis}`);
  const name = graph.addInput(`parallax.from.${index}`, place.type, dims);
  tape.facts.input(graph.inputs.at(-1)!);
  graph.replaceUses(place.value, name);
  return name;
}

/** Lowers the fused nodes that compute one of the sites beside what is not kept. */
export function splitAt(graph: EditableGraph, tape: Tape, places: readonly Place[]): void {
  const fused = new Set(splits(graph, new Set(places.map(({ value }) => value))));
  lower(graph, (node) => fused.has(node), tape);
}

/** A tensor with the axes that the graph keeps at a site. */
export function asGraphHas(tensor: Tensor, { rank, layout }: Place): Tensor {
  const [batch, pos, ...rest] = tensor.dims as [number, number, ...number[]];
  const inner = layout === 'heads' && rank < 4 ? [sizeOf(rest)] : rest;
  return { ...tensor, dims: rank === 2 ? [batch * pos, ...inner] : [batch, pos, ...inner] };
}

/**
 * The graph from `from` to `to`; `finish` may add what follows and name another output. What the piece needs beside `from` (masks,
 * positions) it computes from the decoder's inputs.
 */
export async function openSegment(
  forward: Forward,
  from: readonly Site[],
  to: Site,
  finish?: Finish,
): Promise<Segment> {
  const { copy: graph, places } = forward.edited([]);
  const tape = tapeOf(graph);
  allowBatches(graph, tape);
  splitAt(
    graph,
    tape,
    [...from, to].map((site) => places.get(site)!),
  );
  const inputs = new Map<Site, string>();
  from.forEach((site, index) => {
    inputs.set(site, cutOff(graph, tape, places.get(site)!, index));
  });
  const place = places.get(to)!;
  const output = finish ? finish(graph, tape, place) : place.value;
  graph.outputs = [];
  graph.addOutput(output, 'float32');
  graph.prune();
  return { session: await forward.open(graph), inputs, places, output, end: place };
}
