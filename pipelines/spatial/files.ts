import { type ArrayFile, type NamedArray, vector } from '#pipelines/diff/arrays.ts';
import type { FiringRows } from './firing.ts';

/** A layer's firing: `<stream>.tokens, .offsets, .feature, .max, .count` (see `FiringRows`) and `n [1]`. */
export const FIRING_FILE = 'firing.safetensors';

/** Arrays `[layers, n]` of the joining stage, see `join.ts`. */
export const SPATIAL_FILE = 'spatial.safetensors';

/** What the arrays are about, and the evidence of the chosen features; see `SpatialFile`. */
export const EVIDENCE_FILE = 'spatial.json';

/** Prompt families on the same pictures. `word` has no picture; `mirror` has the words of `spatial` over a mirrored scene. */
export const STREAMS = ['spatial', 'matched', 'generic', 'word', 'mirror'] as const;
export type StreamName = (typeof STREAMS)[number];

/** Streams that a run can do without. */
export const OPTIONAL: readonly StreamName[] = ['word', 'mirror'];

const FIELDS = ['tokens', 'offsets', 'feature', 'max', 'count'] as const;

/** The arrays of one stream, by name in `FIRING_FILE`. */
export function firingArrays(name: StreamName, rows: FiringRows): Record<string, NamedArray> {
  const whole = (x: ArrayLike<number>) => vector(Int32Array.from(x));
  return {
    [`${name}.tokens`]: whole(rows.tokens),
    [`${name}.offsets`]: whole(rows.offsets),
    [`${name}.feature`]: whole(rows.feature),
    [`${name}.max`]: vector(Float32Array.from(rows.max)),
    [`${name}.count`]: whole(rows.count),
  };
}

/** Reads a stream back; undefined where the layer was harvested without it. */
export function firingFrom(file: ArrayFile, name: StreamName): FiringRows | undefined {
  if (!file.has(`${name}.offsets`)) return undefined;
  const arrays = Object.fromEntries(FIELDS.map((field) => [field, file.get(`${name}.${field}`)])) as Record<
    (typeof FIELDS)[number],
    Float64Array
  >;
  return { n: file.get('n')[0]!, samples: arrays.tokens.length, ...arrays };
}
