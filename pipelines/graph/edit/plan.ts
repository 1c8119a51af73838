import { create } from '@bufbuild/protobuf';
import { type NodeProto, NodeProtoSchema } from 'onnx-buf';
import type { GraphAnatomy, Place } from '../anatomy/index.ts';
import { SKIP_FORMS } from '../anatomy/sums.ts';
import { floatAttr } from '../onnx/attributes.ts';
import { floatAttribute, ONNX_TYPE } from '../onnx/build.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import type { Site } from '../types.ts';
import { emitStep, type Step } from './steps.ts';

/** What the fused norms take where they state none. */
const SKIP_EPSILON = 1e-12;

/**
 * Takes a fused norm apart: a sum and the norm of it, under the names that they had. Its bias is added to the update first.
 * @returns the update with its bias
 */
function splitSkip(graph: EditableGraph, node: NodeProto, update = node.input[1]!): string {
  const form = SKIP_FORMS[node.opType]!;
  const stream = node.input[node.input[0] === update ? 1 : 0]!;
  const bias = node.input[form.bias];
  const sum = graph.nodeOutput(node, form.sum);
  const normed = node.output[0]!;
  graph.removeNode(node);
  const biased = bias ? graph.op('Add', [update, bias]) : update;
  const make = (opType: string, input: string[], output: string[], attribute: NodeProto['attribute'] = []) =>
    graph.addNode(create(NodeProtoSchema, { name: graph.fresh(opType), opType, input, output, attribute }));
  make('Add', [stream, biased], [sum]);
  const scales = [node.input[form.scale]!, ...(form.shift ? [node.input[form.shift] ?? ''] : [])].filter(Boolean);
  const epsilon = floatAttribute('epsilon', floatAttr(node, 'epsilon', SKIP_EPSILON));
  if (normed) make(form.norm, [sum, ...scales], [normed], [epsilon]);
  return biased;
}

/** The fused norm whose sum a value is. */
const skipOf = (graph: EditableGraph, value: string): NodeProto | undefined => {
  const node = graph.producer(value);
  const form = node && SKIP_FORMS[node.opType];
  return form && node.output[form.sum] === value ? node : undefined;
};

/** Gives heads an axis of their own, changes the value, and lays it out as it was. */
function change(
  graph: EditableGraph,
  place: Place,
  sizes: { heads: number; dHead: number },
  old: string,
  steps: readonly [number, Step][],
): string {
  let x = place.type === 'float32' ? old : graph.op('Cast', [old], { to: ONNX_TYPE.float32 });
  const flat = place.layout === 'heads' && place.rank < 4;
  const lead = place.rank === 2 ? [-1] : [0, 0];
  const heads = place.heads ?? sizes.heads;
  if (flat) x = graph.op('Reshape', [x, graph.addInts([...lead, heads, sizes.dHead])]);
  for (const [index, step] of steps) x = emitStep(graph, index, step.kind, x, flat ? place.rank + 1 : place.rank);
  if (flat) x = graph.op('Reshape', [x, graph.addInts([...lead, heads * sizes.dHead])]);
  return place.type === 'float32' ? x : graph.op('Cast', [x], { to: ONNX_TYPE[place.type] });
}

/**
 * Changes a graph so that interventions act and sites can be read, and cuts it to what they need.
 * @param graph whose anatomy `anatomy` is; it is changed
 * @returns the graph output of each tap
 */
export function editGraph(
  graph: EditableGraph,
  anatomy: GraphAnatomy,
  taps: ReadonlySet<Site>,
  steps: readonly Step[],
): Map<Site, string> {
  // only taps are given out; an original output would pin its value
  graph.outputs = [];
  const now = new Map<string, string>();
  const reads: { site: Site; value: string; place: Place; bias?: string }[] = [];
  const numbered = steps.map((step, index) => [index, step] as [number, Step]);
  for (const [site, place] of anatomy.places) {
    const mine = numbered.filter(([, step]) => step.site === site);
    if (mine.length === 0 && !taps.has(site)) continue;
    let value = now.get(place.value) ?? place.value;
    let { bias } = place;
    if (mine.length) {
      const skip = bias ? graph.consumers(value).find((n) => SKIP_FORMS[n.opType]) : skipOf(graph, value);
      if (skip) {
        const biased = splitSkip(graph, skip, bias && value);
        if (bias) value = biased;
      }
      value = graph.insertAfter(value, (old) => change(graph, place, anatomy, old, mine));
      now.set(place.value, value);
      bias = undefined;
    }
    if (taps.has(site)) reads.push({ site, value, place, ...(bias ? { bias } : {}) });
  }
  const outputs = new Map<Site, string>();
  for (const { site, value, place, bias } of reads) {
    const whole = bias ? graph.op('Add', [value, bias]) : value;
    const read = place.type === 'float32' ? whole : graph.op('Cast', [whole], { to: ONNX_TYPE.float32 });
    outputs.set(site, graph.addOutput(read, 'float32'));
  }
  graph.cutAt([...new Set(outputs.values())]);
  return outputs;
}
