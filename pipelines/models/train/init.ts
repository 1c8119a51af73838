import { sizeOf } from '#graph/tensor.ts';
import type { DecoderShape, ParameterTable } from './shapes.ts';

/** Weights by parameter name, each flat in the order of its dimensions. */
export type Weights = Readonly<Record<string, Float32Array>>;

/** The draws that initial weights need. */
export interface Draws {
  normal(): number;
}

/** Scale of the first linear map of a name: normal with deviation `gain / sqrt(fan in)`. */
interface Start {
  readonly ends: string;
  readonly gain: number;
}

/**
 * Output maps begin small, so that what a block writes does not drown what the embeddings (and later the projector) say.
 * Measured on the first pair: with a gain of 1 the first block wrote thirty times the norm of the embedding.
 */
const STARTS: readonly Start[] = [
  { ends: 'o_proj.weight', gain: 0.4 },
  { ends: 'down_proj.weight', gain: 0.4 },
  { ends: 'out_proj.weight', gain: 0.5 },
  { ends: 'fc2.weight', gain: 0.5 },
  { ends: 'linear_2.weight', gain: 0.6 },
];
/** Norm of a word's embedding at the start, and the final norm's weight that keeps first logits small beside it. */
const EMBEDDING_NORM = 5;
const FINAL_NORM = 0.15;
const POSITION_SCALE = 0.3;

const isNorm = (name: string) => /norm\d?\.weight$/.test(name);

function first(name: string, dims: readonly number[], draws: Draws): Float32Array {
  const size = sizeOf(dims);
  if (name === 'model.norm.weight') return new Float32Array(size).fill(FINAL_NORM);
  if (isNorm(name)) return new Float32Array(size).fill(1);
  if (name.endsWith('.bias')) return new Float32Array(size);
  const fanIn = size / dims[0]!;
  let scale = (STARTS.find(({ ends }) => name.endsWith(ends))?.gain ?? 1) / Math.sqrt(fanIn);
  if (name.includes('embed_tokens')) scale = EMBEDDING_NORM / Math.sqrt(fanIn);
  if (name.includes('position_embedding')) scale = POSITION_SCALE;
  return Float32Array.from({ length: size }, () => scale * draws.normal());
}

/** Initial weights of a table, drawn in its order. */
export const initialWeights = (table: ParameterTable, draws: Draws): Weights =>
  Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, first(name, dims, draws)]));

const QUERY_NOISE = 0.5;
const KEY_GAIN = 1.3;

/**
 * Mimetic start (Trockman and Kolter 2023): queries begin as noisy copies of their keys, so that equal content attends to itself
 * and retrieval from the context is learnt sooner. Keys get the gain, queries the noise.
 */
export function mimetic(weights: Weights, shape: DecoderShape, draws: Draws): Weights {
  const changed: Record<string, Float32Array> = { ...weights };
  const group = shape.heads / shape.kvHeads;
  const block = shape.dHead * shape.d;
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const at = `model.layers.${layer}.self_attn`;
    const keys = weights[`${at}.k_proj.weight`]!.map((w) => w * KEY_GAIN);
    const queries = new Float32Array(shape.heads * block);
    for (let head = 0; head < shape.heads; head += 1)
      for (let i = 0; i < block; i += 1)
        queries[head * block + i] =
          keys[Math.floor(head / group) * block + i]! + (QUERY_NOISE * draws.normal()) / Math.sqrt(shape.d);
    changed[`${at}.k_proj.weight`] = keys;
    changed[`${at}.q_proj.weight`] = queries;
  }
  return changed;
}
