import type { Place } from './anatomy/index.ts';
import { GraphError } from './errors.ts';
import type { Seed } from './grad/differentiate.ts';
import type { Tape } from './grad/tape.ts';
import type { Groups } from './groups.ts';
import { ONNX_TYPE } from './onnx/build.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { f32, type Tensor } from './tensor.ts';
import type { Metric } from './types.ts';

/** Name of the leading dimension of gradients: the metrics of one pass. */
export const METRICS = 'parallax_K';
const NAMES = { direction: 'parallax.direction', bias: 'parallax.bias', mask: 'parallax.mask' } as const;

/** Graph inputs that have the metrics as first axis. */
export const METRIC_INPUTS = [NAMES.direction, NAMES.bias];

/** What makes two metrics share a graph. */
export const metricKey = ({ at, activation }: Metric): string => `${at} ${activation}`;

/** Checks a metric against the run's sizes. Throws `GraphError`. */
export function checkMetric(
  { direction, bias, mask }: Metric,
  sizes: { batch: number; pos: number; dModel: number },
): void {
  const { batch, pos, dModel } = sizes;
  const [k, width] = direction.dims;
  if (direction.dims.length !== 2 || width !== dModel || !k)
    throw new GraphError('shape', `metric.direction is [${direction.dims}]`, `give [K, ${dModel}]`);
  if (bias && (bias.dims.length !== 1 || bias.dims[0] !== k))
    throw new GraphError('shape', `metric.bias is [${bias.dims}]`, `give [${k}]`);
  if (mask.dims.length !== 2 || mask.dims[0] !== batch || mask.dims[1] !== pos)
    throw new GraphError('shape', `metric.mask is [${mask.dims}]`, `give [${batch}, ${pos}]`);
}

/** Tensors of a metric's graph inputs that have the metrics as first axis. */
export const metricGroups = ({ direction, bias }: Metric): Groups => ({
  [NAMES.direction]: direction,
  [NAMES.bias]: bias ?? f32(new Float32Array(direction.dims[0]!)),
});

/** Tensors of all of a metric's graph inputs. */
export const metricFeeds = (metric: Metric): Record<string, Tensor> => ({
  ...metricGroups(metric),
  [NAMES.mask]: metric.mask,
});

/** A residual stream as `[batch, pos, dModel]`, with the bias that a fused node would add to it. */
function streamOf(tape: Tape, place: Place, mask: string): string {
  let x = place.bias ? tape.op('Add', [place.value, place.bias]) : place.value;
  if (place.type !== 'float32') x = tape.op('Cast', [x], { to: ONNX_TYPE.float32 });
  if (place.rank === 3) return x;
  return tape.op('Reshape', [x, tape.op('Concat', [tape.op('Shape', [mask]), tape.ints([-1])], { axis: 0 })]);
}

/**
 * Adds K metrics of a residual stream to a graph: `m[k,b] = sum_pos mask act(x . direction_k + bias_k)`, with inputs for
 * all that is not the stream. The cotangent is kept as `direction` times what does not depend on the metric.
 *
 * @returns the metric's value `[K, batch]` and the seed of its gradient
 */
export function addMetric(
  graph: EditableGraph,
  tape: Tape,
  place: Place,
  { activation }: Metric,
  dModel: number,
): { value: string; seed: Seed } {
  if (place.layout !== 'stream')
    throw new GraphError('argument', 'a metric reads a residual stream', 'choose a hook_resid site');
  const direction = graph.addInput(NAMES.direction, 'float32', [METRICS, dModel]);
  const bias = graph.addInput(NAMES.bias, 'float32', [METRICS]);
  // the stream's own names for batch and position: equal names are equal sizes, and need no check while the graph runs
  const stream = tape.facts.shape(place.value);
  const rows = stream?.length === 3 ? stream.slice(0, 2) : ['parallax_B', 'parallax_T'];
  const mask = graph.addInput(NAMES.mask, 'float32', rows);
  for (const input of graph.inputs.slice(-3)) tape.facts.input(input);
  const x = streamOf(tape, place, mask);
  const scores = tape.op('Add', [tape.op('MatMul', [x, tape.op('Transpose', [direction], { perm: [1, 0] })]), bias]);
  const active = activation === 'relu' ? tape.op('Relu', [scores]) : scores;
  const row = tape.op('Unsqueeze', [mask, tape.ints([1])]);
  const sums = tape.op('Squeeze', [tape.op('MatMul', [row, active]), tape.ints([1])]);
  const value = tape.op('Transpose', [sums], { perm: [1, 0] });
  const factor = tape.op('Unsqueeze', [mask, tape.ints([2])]);
  const wide = tape.op('Unsqueeze', [direction, tape.ints([1, 2])]);
  if (activation === 'identity') return { value, seed: { value: x, cotangent: wide, factor } };
  const on = tape.op('Cast', [tape.op('Greater', [scores, tape.scalar(0, scores)])], { to: ONNX_TYPE.float32 });
  const gate = tape.op('Unsqueeze', [tape.op('Transpose', [on], { perm: [2, 0, 1] }), tape.ints([3])]);
  return { value, seed: { value: x, cotangent: tape.op('Mul', [wide, gate]), factor } };
}
