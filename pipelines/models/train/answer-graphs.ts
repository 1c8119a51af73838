import { GraphBuilder } from '#graph/onnx/build.ts';
import { decoder, type Extent, unembed } from './decoder.ts';
import { projector } from './encoder.ts';
import { contrib, embed, type FrozenEncoder, reading, statesOfPixels, withFrozen, withPicture } from './inputs.ts';
import { kit } from './kit.ts';
import { best, logLikelihood } from './losses.ts';
import { type DecoderShape, type ParameterTable, patchesOf } from './shapes.ts';
import { declare } from './step.ts';

/** Answers of a decoder: `best` int64 `[n]` and `nll` `[n]`; with `picture`, `features` are `[rows * patches, d]`. */
export function answerGraph(s: DecoderShape, e: Extent, table: ParameterTable, patches?: number): Uint8Array {
  const g = contrib();
  const k = kit(g);
  const p = declare(g, table);
  const { ids, positions, mask, at } = reading(k, e);
  const words = embed(k, p, e, ids);
  const embeds =
    patches === undefined
      ? words
      : withPicture(k, s, e, words, g.input('features', 'float32', [e.rows * patches, s.d]), patches);
  const { stream } = decoder(k, s, e, p, { embeds, positions, mask });
  const logits = unembed(k, s, p, stream, at);
  const nll = g.op('Neg', [logLikelihood(k, logits, g.input('target', 'int64', ['n']))]);
  g.output(best(k, logits), 'best', 'int64', ['n']);
  g.output(nll, 'nll', 'float32', ['n']);
  g.output(logits, 'logits', 'float32', ['n', s.vocab]);
  return g.toBytes();
}

/** Image features `[rows * patches, d]` of pixels. */
export function featureGraph(frozen: FrozenEncoder, table: ParameterTable, d: number, rows: number): Uint8Array {
  const g = new GraphBuilder();
  const k = kit(g);
  const p = withFrozen(g, table, frozen);
  const states = statesOfPixels(k, frozen.shape, rows, p);
  g.output(projector(k, p, states), 'features', 'float32', [rows * patchesOf(frozen.shape), d]);
  return g.toBytes();
}
