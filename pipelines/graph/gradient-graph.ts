import type { NodeProto } from 'onnx-buf';
import type { Place } from './anatomy/index.ts';
import type { Forward } from './forward.ts';
import { activeValues, differentiate, ruleOf, type Seed } from './grad/differentiate.ts';
import { fuseNorms } from './grad/norms.ts';
import type { Tape } from './grad/tape.ts';
import { tidy } from './grad/tidy/index.ts';
import { allowBatches } from './lower/batch.ts';
import { canLower, lower } from './lower/index.ts';
import { orderedNodes, tapeOf } from './lower/kit.ts';
import { addMetric, METRICS } from './metric.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { cutOff, splitAt } from './segment.ts';
import type { Metric, Site } from './types.ts';

/** Drops what none of the values needs; the graph is left without outputs. */
function keepOnly(graph: EditableGraph, values: readonly string[]): void {
  const needed = graph.below(values);
  graph.outputs = [];
  for (const node of [...graph.nodes]) if (!needed.has(node)) graph.removeNode(node);
}

/** Lowers the fused nodes between `wrt` and `target` that have no gradient rule of their own. */
function lowerBetween(graph: EditableGraph, tape: Tape, wrt: readonly string[], target: string): void {
  const below = graph.below([target]);
  const active = activeValues(orderedNodes(graph), wrt);
  const needed = (node: NodeProto) =>
    below.has(node) && !ruleOf(node) && canLower(node) && node.input.some((x) => active.has(x));
  lower(graph, needed, tape);
}

/** Where a gradient comes from: the cotangent of the site that is read, and what is computed on the way. */
export type MakeSeed = (
  graph: EditableGraph,
  tape: Tape,
  place: Place,
) => { readonly seed: Seed; readonly value?: string };

export const metricSeed =
  (forward: Forward, metric: Metric): MakeSeed =>
  (graph, tape, place) =>
    addMetric(graph, tape, place, metric, forward.anatomy.dModel);

export interface GradientSpec {
  /** The site that is differentiated. */
  readonly at: Site;
  readonly seed: MakeSeed;
  readonly wrt: readonly Site[];
  /** The site that the graph begins with, as an input; the decoder's inputs where absent. */
  readonly from?: Site;
}

/** A graph that computes a value and its gradients, not yet cut. */
export interface GradientGraph {
  readonly graph: EditableGraph;
  readonly tape: Tape;
  readonly places: ReadonlyMap<Site, Place>;
  /** What the seed computes, `[K, batch]` of a metric. */
  readonly metric: string | undefined;
  /** By site, the gradient `[K, ...value]`; absent where `at` does not depend on the site. */
  readonly grads: ReadonlyMap<Site, string>;
  /** Graph input of `from`. */
  readonly start: string | undefined;
}

/** Forward and backward pass in one graph. Throws `GraphError`. */
export function gradientGraph(forward: Forward, { at, seed, wrt, from }: GradientSpec): GradientGraph {
  const sites = [at, ...wrt, ...(from ? [from] : [])];
  for (const site of sites) forward.checkSite(site);
  const { copy: graph, places } = forward.edited(sites);
  keepOnly(
    graph,
    sites.map((site) => places.get(site)!.value),
  );
  const tape = tapeOf(graph);
  allowBatches(graph, tape);
  let start: string | undefined;
  if (from) {
    const place = places.get(from)!;
    splitAt(graph, tape, [place]);
    start = cutOff(graph, tape, place);
    for (const [site, other] of places) if (other.value === place.value) places.set(site, { ...other, value: start });
  }
  const target = places.get(at)!;
  const values = wrt.map((site) => places.get(site)!.value);
  lowerBetween(graph, tape, values, target.value);
  fuseNorms(graph, tape);
  const made = seed(graph, tape, target);
  const options = { lead: METRICS, composites: true };
  const found = differentiate(tape, orderedNodes(graph), [made.seed], [...new Set(values)], options);
  tidy(graph, tape);
  const grads = new Map(
    wrt.flatMap((site, i) => (found.has(values[i]!) ? [[site, found.get(values[i]!)!] as const] : [])),
  );
  return { graph, tape, places, metric: made.value, grads, start };
}
