import type { Place } from './anatomy/index.ts';
import type { Forward } from './forward.ts';
import type { Tape } from './grad/tape.ts';
import { allowBatches } from './lower/batch.ts';
import { canLower, lower } from './lower/index.ts';
import { tapeOf } from './lower/kit.ts';
import type { EditableGraph } from './onnx/graph.ts';
import type { Session } from './session.ts';
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

/** Makes `value` an input of the graph: what made it is cut off. */
function cutOff(graph: EditableGraph, place: Place, index: number): string {
  const dims = Array.from({ length: place.rank }, (_, axis) => `parallax_${index}_${axis}`);
  const name = graph.addInput(`parallax.from.${index}`, place.type, dims);
  graph.replaceUses(place.value, name);
  return name;
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
  const values = new Set([...from, to].map((site) => places.get(site)!.value));
  const fused = new Set(splits(graph, values));
  const tape = tapeOf(graph);
  allowBatches(graph, tape);
  lower(graph, (node) => fused.has(node), tape);
  const inputs = new Map<Site, string>();
  from.forEach((site, index) => {
    inputs.set(site, cutOff(graph, places.get(site)!, index));
  });
  const place = places.get(to)!;
  const output = finish ? finish(graph, tape, place) : place.value;
  graph.outputs = [];
  graph.addOutput(output, 'float32');
  graph.prune();
  return { session: await forward.open(graph), inputs, places, output, end: place };
}
