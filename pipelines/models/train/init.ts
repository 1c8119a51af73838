import { sizeOf } from '#graph/tensor.ts';
import type { ParameterTable } from './shapes.ts';

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
 * Outputs of a decoder's heads begin as strong as any map: retrieval is two heads in a row, and with a gain of 0.4 what the first wrote
 * was too faint for the second to learn from (README). MLPs begin smaller, so that they do not drown the embeddings.
 */
const STARTS: readonly Start[] = [
  { ends: 'o_proj.weight', gain: 1 },
  { ends: 'down_proj.weight', gain: 0.7 },
  { ends: 'out_proj.weight', gain: 0.5 },
  { ends: 'fc2.weight', gain: 0.5 },
  { ends: 'linear_2.weight', gain: 0.6 },
];
/** Norm of a word's embedding at the start, and the final norm's weight that keeps first logits small beside it. */
const EMBEDDING_NORM = 3;
const FINAL_NORM = 0.25;
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
