import type { Place } from '../anatomy/index.ts';
import { GraphError } from '../errors.ts';
import type { Dim } from '../onnx/build.ts';
import type { EditableGraph } from '../onnx/graph.ts';
import { reduceLast } from '../onnx/reduce.ts';
import { bool, f32, type Tensor } from '../tensor.ts';
import type { Intervention, Site } from '../types.ts';
import { combine, type Grid } from './broadcast.ts';
import { givenValue, type RunSizes, select, spread } from './selection.ts';

/** Begins the names of dimensions that may be 1 for any length. */
export const BROADCAST = 'broadcast_';

/** What a step does to a value; each has its own graph inputs, so that one session serves all its uses. */
export type StepKind = 'gain' | 'add' | 'set' | 'project';

/** One change of a site in an edited graph, with the inputs that say what changes. */
export interface Step {
  readonly site: Site;
  readonly kind: StepKind;
  readonly grids: readonly Grid[];
}

const scalar = (x: number): Grid => ({ dims: [], data: Float32Array.of(x) });

/** Divides by the length along the last axis. A zero vector has no direction. */
function unit({ dims, data }: Grid): Grid {
  const width = dims.at(-1) ?? 1;
  const out = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    let square = 0;
    for (let i = row; i < row + width; i += 1) square += data[i]! * data[i]!;
    if (square === 0) throw new GraphError('argument', 'project_out along a zero vector', 'give a direction');
    const length = Math.sqrt(square);
    for (let i = row; i < row + width; i += 1) out[i] = data[i]! / length;
  }
  return { dims, data: out };
}

type Make = (intervention: Intervention, place: Place, sizes: RunSizes) => { kind: StepKind; grids: Grid[] };

const gain =
  (factor: (i: Intervention) => number): Make =>
  (i, place, sizes) => ({ kind: 'gain', grids: [spread(select(i, place, sizes), scalar(factor(i)), 1)] });

/** What each intervention becomes. */
const MAKE: Record<Intervention['op'], Make> = {
  zero: gain(() => 0),
  scale: gain(({ at, factor }) => {
    if (factor === undefined) throw new GraphError('argument', `scale at ${at} needs a factor`, 'give factor');
    return factor;
  }),
  add: (i, place, sizes) => {
    const { dims, data } = givenValue(i);
    const scaled = { dims, data: data.map((x) => x * (i.factor ?? 1)) };
    return { kind: 'add', grids: [spread(select(i, place, sizes), scaled, 0)] };
  },
  set: (i, place, sizes) => {
    const selection = select(i, place, sizes);
    return { kind: 'set', grids: [spread(selection, scalar(1), 0), spread(selection, givenValue(i), 0)] };
  },
  project_out: (i, place, sizes) => ({
    kind: 'project',
    grids: [spread(select(i, place, sizes), unit(givenValue(i)), 0)],
  }),
};

/** How two steps of one kind in a row become one; projections do not. */
const MERGE: Partial<Record<StepKind, (a: readonly Grid[], b: readonly Grid[]) => Grid[]>> = {
  gain: ([a], [b]) => [combine(a!, b!, (x, y) => x * y)],
  add: ([a], [b]) => [combine(a!, b!, (x, y) => x + y)],
  set: ([mask, value], [m, v]) => [
    combine(mask!, m!, (x, y) => x || y),
    combine(
      combine(m!, v!, (on, y) => (on ? y : Number.NaN)),
      value!,
      (y, x) => (Number.isNaN(y) ? x : y),
    ),
  ],
};

/** Interventions as steps: at each site in the order given, sites in the order of the forward pass. Throws `GraphError`. */
export function stepsOf(
  interventions: readonly Intervention[],
  places: ReadonlyMap<Site, Place>,
  sizes: (place: Place, site: Site) => RunSizes,
): Step[] {
  const steps: Step[] = [];
  for (const [site, place] of places)
    for (const intervention of interventions.filter((i) => i.at === site)) {
      const made = MAKE[intervention.op](intervention, place, sizes(place, site));
      const last = steps.at(-1);
      const merge = MERGE[made.kind];
      if (merge && last?.site === site && last.kind === made.kind)
        steps[steps.length - 1] = { ...last, grids: merge(last.grids, made.grids) };
      else steps.push({ site, ...made });
    }
  return steps;
}

/** Names of a step's graph inputs. */
const inputNames = (index: number, kind: StepKind): string[] =>
  kind === 'set' ? [`parallax.set.${index}.mask`, `parallax.set.${index}.value`] : [`parallax.${kind}.${index}`];

/** The tensors that a step's graph inputs get, for a site whose value has `rank` axes. */
export function stepFeeds(index: number, { kind, grids }: Step, place: Place, sizes: RunSizes): [string, Tensor][] {
  return inputNames(index, kind).map((name, k) => {
    const grid = flatten(grids[k]!, place, sizes);
    const tensor = kind === 'set' && k === 0 ? bool(Uint8Array.from(grid.data), grid.dims) : f32(grid.data, grid.dims);
    return [name, tensor];
  });
}

/** Sizes of a site's first two axes, where the graph keeps them as one. */
function joined({ rank, layout }: Place, { batch, pos, heads }: RunSizes): [number, number] | undefined {
  if (layout === 'pattern') return rank === 3 ? [batch, heads] : undefined;
  return rank === 2 ? [batch, pos] : undefined;
}

/** A grid with its first two axes as one, where the graph has them so. */
function flatten(grid: Grid, place: Place, sizes: RunSizes): Grid {
  const pair = joined(place, sizes);
  if (!pair) return grid;
  const [, , ...rest] = grid.dims;
  if (grid.dims[0] === 1 && grid.dims[1] === 1) return { dims: [1, ...rest], data: grid.data };
  const [first, second] = pair;
  const whole = { dims: [first, second, ...rest.map(() => 1)], data: new Float32Array(first * second) };
  return { dims: [first * second, ...rest], data: combine(grid, whole, (x) => x).data };
}

/** Adds a step to a graph: nodes that read `x` (with its heads on an axis of their own) and give the changed value. */
export function emitStep(graph: EditableGraph, index: number, kind: StepKind, x: string, rank: number): string {
  const dims: Dim[] = Array.from({ length: rank }, (_, axis) => `${BROADCAST}${index}_${axis}`);
  const [first, second] = inputNames(index, kind) as [string, string?];
  if (kind === 'set') {
    graph.addInput(first, 'bool', dims);
    graph.addInput(
      second!,
      'float32',
      dims.map((d) => `${d}v`),
    );
    return graph.op('Where', [first, second!, x]);
  }
  graph.addInput(first, 'float32', dims);
  if (kind === 'gain') return graph.op('Mul', [x, first]);
  if (kind === 'add') return graph.op('Add', [x, first]);
  const along = reduceLast(graph, 'ReduceSum', graph.op('Mul', [x, first]));
  return graph.op('Sub', [x, graph.op('Mul', [along, first])]);
}
