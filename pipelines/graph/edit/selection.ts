import type { Place } from '../anatomy/index.ts';
import { GraphError } from '../errors.ts';
import { numbersOf } from '../onnx/values.ts';
import { sizeOf } from '../tensor.ts';
import type { Intervention } from '../types.ts';
import { broadcastDims, type Grid, walk } from './broadcast.ts';

/** Sizes of one run that a selection is made in. */
export interface RunSizes {
  readonly batch: number;
  readonly pos: number;
  readonly heads: number;
  /** Length of a site's last axis; 0 where the value alone tells it. */
  readonly width: number;
}

/** The part of a site that an intervention changes, with every axis of the site; `undefined` = the whole axis. */
export interface Selection {
  readonly dims: readonly number[];
  readonly headAxis?: number;
  readonly posAxis: number;
  readonly head?: number;
  readonly positions?: readonly number[];
}

const bad = (message: string, next: string) => new GraphError('argument', message, next);

/** Checks an intervention's head and positions against the run. Throws `GraphError`. */
export function select(intervention: Intervention, { layout }: Place, sizes: RunSizes): Selection {
  const { at, head, positions } = intervention;
  const { batch, pos, heads, width } = sizes;
  if (head !== undefined && layout === 'stream')
    throw bad(`${at} has no heads, but head ${head} is named`, 'leave out head, or use a hook_z site');
  if (head !== undefined && !(Number.isInteger(head) && head >= 0 && head < heads))
    throw bad(`${at} has heads 0-${heads - 1}, not ${head}`, `choose a head from 0 to ${heads - 1}`);
  const wrong = positions?.find((p) => !(Number.isInteger(p) && p >= 0 && p < pos));
  if (wrong !== undefined)
    throw bad(`position ${wrong} of ${at} does not exist: the run has positions 0-${pos - 1}`, 'choose among these');
  const chosen = { ...(head === undefined ? {} : { head }), ...(positions ? { positions } : {}) };
  if (layout === 'stream') return { dims: [batch, pos, width], posAxis: 1, ...chosen };
  if (layout === 'heads') return { dims: [batch, pos, heads, width], posAxis: 1, headAxis: 2, ...chosen };
  return { dims: [batch, heads, pos, width], posAxis: 2, headAxis: 1, ...chosen };
}

/**
 * A value laid over a site: the value where something is selected, `outside` elsewhere. Axes along which it would not vary
 * have size 1.
 */
export function spread(selection: Selection, value: Grid, outside: number): Grid {
  const { dims, headAxis, posAxis, head, positions } = selection;
  // the selected slice as the caller sees it: positions counted, a named head's axis gone
  const slice = dims.map((d, axis) => (axis === posAxis && positions ? positions.length : d));
  const seen = head === undefined ? slice : slice.filter((_, axis) => axis !== headAxis);
  const width = value.dims.at(-1) ?? 1;
  if (seen.at(-1) === 0) seen[seen.length - 1] = width;
  const fit = broadcastDims(seen, value.dims);
  if (!fit || fit.length !== seen.length || fit.some((d, i) => d !== seen[i]))
    throw new GraphError(
      'shape',
      `a value [${value.dims}] does not broadcast to the selected [${seen}]`,
      'reshape the value',
    );
  const full = [...Array(seen.length - value.dims.length).fill(1), ...value.dims] as number[];
  if (head !== undefined) full.splice(headAxis!, 0, 1);
  const varies = (axis: number): boolean =>
    full[axis]! > 1 || (axis === posAxis && !!positions) || (axis === headAxis && head !== undefined);
  const out = dims.map((d, axis) => (varies(axis) ? d || width : 1));
  const data = new Float32Array(sizeOf(out)).fill(outside);
  const strides = out.map((_, axis) => (out[axis]! > 1 ? sizeOf(out.slice(axis + 1)) : 0));
  const inner = out.map((d, axis) =>
    axis === posAxis && positions ? positions.length : axis === headAxis && head !== undefined ? 1 : d,
  );
  walk(inner, [full], ([from], index) => {
    let to = 0;
    index.forEach((i, axis) => {
      const at = axis === posAxis && positions ? positions[i]! : axis === headAxis && head !== undefined ? head : i;
      to += at * strides[axis]!;
    });
    data[to] = value.data[from!]!;
  });
  return { dims: out, data };
}

/** An intervention's value as numbers. Throws `GraphError` where it is missing. */
export function givenValue({ at, op, value }: Intervention): Grid {
  if (!value) throw bad(`${op} at ${at} needs a value`, 'give value');
  const data = value.type === 'float32' ? (value.data as Float32Array) : Float32Array.from(numbersOf(value));
  return { dims: value.dims, data };
}
