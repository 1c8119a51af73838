import { GUIDED } from './graphs.ts';
import type { Draws, Weights } from './init.ts';
import type { DecoderShape } from './shapes.ts';
import type { Compass } from './vision-steps.ts';

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const unit = (x: Float32Array) => {
  const norm = Math.sqrt(dot(x, x)) || 1;
  return x.map((value) => value / norm);
};
const flat = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));

/** The part of `x` at right angles to unit rows that are so among themselves. */
const without = (x: Float32Array, rows: readonly Float32Array[]) =>
  rows.reduce((left, row) => {
    const along = dot(left, row);
    return left.map((value, i) => value - along * row[i]!);
  }, x);

/** What is left of a unit vector, squared, when others already span it. */
const DEPENDENT = 1e-6;

/**
 * Directions for the projector from word embeddings: each word and size from the mean of the words, and two random directions of
 * place at right angles to the words.
 *
 * @param words token ids of each word; an embedding is the mean over its tokens
 * @param sizes the same of "small" and "big"
 */
export function compassOf(
  weights: Weights,
  { d }: DecoderShape,
  words: readonly (readonly number[])[],
  sizes: readonly (readonly number[])[],
  draws: Draws,
): Compass {
  const table = weights['model.embed_tokens.weight']!;
  const row = (ids: readonly number[]) =>
    Float32Array.from({ length: d }, (_, i) => ids.reduce((sum, id) => sum + table[id * d + i]!, 0) / ids.length);
  const own = words.map(row);
  const mean = Float32Array.from({ length: d }, (_, i) => own.reduce((sum, x) => sum + x[i]!, 0) / own.length);
  const from = (x: Float32Array, centre: Float32Array) => unit(x.map((value, i) => value - centre[i]!));
  const bySize = sizes.map(row);
  const middle = bySize[0]!.map((value, i) => (value + bySize[1]![i]!) / 2);
  const frame: Float32Array[] = [];
  const place: Float32Array[] = [];
  // a small model has no room beside all words
  for (const x of own.slice(0, d - 2)) {
    const left = without(from(x, mean), frame);
    // directions from their mean sum to zero: the last one is no new direction
    if (dot(left, left) > DEPENDENT) frame.push(unit(left));
  }
  for (let n = 0; n < 2; n += 1) {
    const free = unit(
      without(
        Float32Array.from({ length: d }, () => draws.normal()),
        [...frame, ...place],
      ),
    );
    place.push(free);
  }
  return {
    mean,
    words: flat(own.map((x) => from(x, mean))),
    sizes: flat(bySize.map((x) => from(x, middle))),
    place: flat(place),
    norm: own.reduce((sum, x) => sum + Math.sqrt(dot(x, x)), 0) / own.length,
  };
}

const READ = 0.3;
const WRITE = 0.9;

/** The guided heads begin as copiers of the two directions of place: their values read them, their outputs write them. */
export function placeHeads(weights: Weights, shape: DecoderShape, { place }: Compass): Weights {
  const { d, dHead, heads } = shape;
  const at = `model.layers.${GUIDED.layer}`;
  const scale = weights[`${at}.input_layernorm.weight`]!;
  const values = Float32Array.from(weights[`${at}.self_attn.v_proj.weight`]!);
  const outputs = Float32Array.from(weights[`${at}.self_attn.o_proj.weight`]!);
  for (let n = 0; n < 2; n += 1)
    for (let i = 0; i < d; i += 1) {
      values[n * d + i] = (READ * place[n * d + i]!) / scale[i]!;
      for (let head = 0; head < GUIDED.heads; head += 1)
        outputs[i * heads * dHead + head * dHead + n] = WRITE * place[n * d + i]!;
    }
  return { ...weights, [`${at}.self_attn.v_proj.weight`]: values, [`${at}.self_attn.o_proj.weight`]: outputs };
}
