import { sizeOf } from '../tensor.ts';

/** A dense float array; an axis of size 1 stands for any length. */
export interface Grid {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Strides of `dims` seen as `rank` axes aligned on the right; 0 where an axis is broadcast. */
function strides(dims: readonly number[], rank: number): number[] {
  const out = new Array<number>(rank).fill(0);
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i -= 1) {
    if (dims[i]! > 1) out[i + rank - dims.length] = step;
    step *= dims[i]!;
  }
  return out;
}

/** The broadcast of two shapes by NumPy's rules; undefined where they do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly number[], i: number) => dims[i - rank + dims.length] ?? 1;
  const out = Array.from({ length: rank }, (_, i) => (at(a, i) === 1 ? at(b, i) : at(a, i)));
  return out.every((d, i) => [1, d].includes(at(a, i)) && [1, d].includes(at(b, i))) ? out : undefined;
}

/** Calls `visit` for every element of `dims`, with the flat offset in each of the arrays of `shapes` (aligned right). */
export function walk(
  dims: readonly number[],
  shapes: readonly (readonly number[])[],
  visit: (offsets: readonly number[], index: readonly number[]) => void,
): void {
  const steps = shapes.map((s) => strides(s, dims.length));
  const index = new Array<number>(dims.length).fill(0);
  const offsets = new Array<number>(shapes.length).fill(0);
  for (let left = sizeOf(dims); left > 0; left -= 1) {
    visit(offsets, index);
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      const back = index[axis]! === dims[axis]! ? index[axis]! : 0;
      steps.forEach((s, k) => {
        offsets[k]! += s[axis]! * (back ? 1 - back : 1);
      });
      if (!back) break;
      index[axis] = 0;
    }
  }
}

/** Elementwise function of grids that broadcast to each other. */
export function combine(a: Grid, b: Grid, f: (x: number, y: number) => number): Grid {
  const dims = broadcastDims(a.dims, b.dims)!;
  const data = new Float32Array(sizeOf(dims));
  let at = 0;
  walk(dims, [a.dims, b.dims], ([i, j]) => {
    data[at] = f(a.data[i!]!, b.data[j!]!);
    at += 1;
  });
  return { dims, data };
}
