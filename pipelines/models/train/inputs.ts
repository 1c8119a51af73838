import { GraphBuilder } from '#graph/onnx/build.ts';
import { f32 } from '#graph/tensor.ts';
import { type Extent, turnMask } from './decoder.ts';
import { encoder } from './encoder.ts';
import type { Weights } from './init.ts';
import type { Kit, Named } from './kit.ts';
import type { DecoderShape, EncoderShape, ParameterTable } from './shapes.ts';
import { declare } from './step.ts';

/** Position of the first patch: right after the beginning of the text. */
export const FIRST_PATCH = 1;

/** A frozen encoder. */
export interface FrozenEncoder {
  readonly shape: EncoderShape;
  readonly table: ParameterTable;
  readonly weights: Weights;
}

/** Constants of a graph, frozen. */
const freeze = (g: GraphBuilder, table: ParameterTable, weights: Weights): Named =>
  Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, g.constant(f32(weights[name]!, dims), name)]));

/** Inputs that say what is read and what is asked, of every graph with a decoder. */
export function reading(k: Kit, { rows, length }: Extent) {
  const input = (name: string) => k.g.input(name, 'int64', [rows, length]);
  const [ids, positions] = [input('ids'), input('positions')];
  const mask = turnMask(k, { rows, length }, input('document'), input('turn'));
  const at = k.g.input('at', 'int64', ['n']);
  return { ids, positions, mask, at };
}
export const embed = (k: Kit, p: Named, { rows, length }: Extent, ids: string) =>
  k.gather(p['model.embed_tokens.weight']!, k.reshape(ids, rows * length));

/** Word embeddings with image features `[rows * patches, d]` in the places of the patches. */
export function withPicture(
  k: Kit,
  s: DecoderShape,
  { rows, length }: Extent,
  words: string,
  features: string,
  patches: number,
) {
  const wide = k.reshape(words, rows, length, s.d);
  const [before, after] = [k.slice(wide, 1, 0, FIRST_PATCH), k.slice(wide, 1, FIRST_PATCH + patches, length)];
  return k.reshape(k.concat(1, before, k.reshape(features, rows, patches, s.d), after), rows * length, s.d);
}

/** States `[rows * patches, d]` that an encoder, whose parameters are in `p`, gives of the input `pixels`. */
export const statesOfPixels = (k: Kit, s: EncoderShape, rows: number, p: Named): string =>
  encoder(k, s, rows, p, k.g.input('pixels', 'float32', [rows, 3, s.image, s.image]));

/** Parameters that move, and those of a frozen encoder. */
export const withFrozen = (g: GraphBuilder, table: ParameterTable, frozen: FrozenEncoder): Named => ({
  ...declare(g, table),
  ...freeze(g, frozen.table, frozen.weights),
});

export const contrib = () => new GraphBuilder({ domains: { 'com.microsoft': 1 } });
