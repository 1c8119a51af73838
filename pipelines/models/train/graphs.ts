import { GraphBuilder } from '#graph/onnx/build.ts';
import { f32 } from '#graph/tensor.ts';
import { decoder, type Extent, turnMask, unembed } from './decoder.ts';
import { encoder, projector, readout } from './encoder.ts';
import type { Weights } from './init.ts';
import { type Kit, kit, type Named } from './kit.ts';
import { best, crossEntropy, guidance, squaredError } from './losses.ts';
import { type DecoderShape, type EncoderShape, type ParameterTable, patchesOf } from './shapes.ts';
import { declare, type Group, optimiserStep, type StepOptions } from './step.ts';

/** Heads guided to look at named things: the first `heads` of layer `layer`. */
export const GUIDED = { layer: 1, heads: 2 } as const;
/** Position of the first patch: right after the beginning of the text. */
export const FIRST_PATCH = 1;

/** A step's graph and the parameters that it moves. */
export interface StepGraph {
  readonly bytes: Uint8Array;
  readonly table: ParameterTable;
}

/** Constants of a graph, frozen. */
const freeze = (g: GraphBuilder, table: ParameterTable, weights: Weights): Named =>
  Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, g.constant(f32(weights[name]!, dims), name)]));

/** Inputs that say what is read and what is asked, of every graph with a decoder. */
function reading(k: Kit, { rows, length }: Extent) {
  const input = (name: string) => k.g.input(name, 'int64', [rows, length]);
  const [ids, positions] = [input('ids'), input('positions')];
  const mask = turnMask(k, { rows, length }, input('document'), input('turn'));
  const at = k.g.input('at', 'int64', ['n']);
  return { ids, positions, mask, at };
}
const asked = (k: Kit) => ({
  target: k.g.input('target', 'int64', ['n']),
  weight: k.g.input('weight', 'float32', ['n']),
});

const embed = (k: Kit, p: Named, { rows, length }: Extent, ids: string) =>
  k.gather(p['model.embed_tokens.weight']!, k.reshape(ids, rows * length));

/** Word embeddings with image features `[rows * patches, d]` in the places of the patches. */
function withPicture(
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

const scalars = (g: GraphBuilder, values: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(values)) g.output(value, name, 'float32', []);
};

const merged = (groups: readonly Group[]): ParameterTable => Object.assign({}, ...groups.map(({ table }) => table));
const contrib = () => new GraphBuilder({ domains: { 'com.microsoft': 1 } });

/**
 * One step of a language model on text. Outputs `loss`, `accuracy`, `norm` beside the new state; where heads are guided, `look`
 * `[rows, length, length]` says at which words of the text a word that names a thing looks, `guide` scales that loss, and `looks` is given.
 */
export function textStep(s: DecoderShape, e: Extent, group: Group, options: StepOptions, guided = false): StepGraph {
  const g = contrib();
  const k = kit(g);
  const p = declare(g, group.table);
  const { ids, positions, mask, at } = reading(k, e);
  const { target, weight } = asked(k);
  const { stream, patterns } = decoder(k, s, e, p, { embeds: embed(k, p, e, ids), positions, mask });
  const scored = crossEntropy(k, unembed(k, s, p, stream, at), target, weight);
  scalars(g, { ...scored });
  let whole = scored.loss;
  if (guided) {
    const look = g.input('look', 'float32', [e.rows, e.length, e.length]);
    const { loss, looks } = guidance(k, patterns[GUIDED.layer]!, look, GUIDED.heads, 0, e.length);
    whole = k.add(whole, k.mul(loss, g.input('guide', 'float32', [])));
    scalars(g, { looks });
  }
  optimiserStep(g, whole, [group], options);
  return { bytes: g.toBytes(), table: group.table };
}

/** A frozen encoder. */
export interface FrozenEncoder {
  readonly shape: EncoderShape;
  readonly table: ParameterTable;
  readonly weights: Weights;
}

/**
 * One step of the vision-language model: pixels through the frozen encoder and the projector, then the decoder. Input `guide` scales
 * the loss of the guided heads. Outputs `loss` (answers alone), `accuracy`, `looks`, `norm`.
 */
export function pictureStep(
  s: DecoderShape,
  frozen: FrozenEncoder,
  e: Extent,
  groups: readonly Group[],
  options: StepOptions,
): StepGraph {
  const g = contrib();
  const k = kit(g);
  const table = merged(groups);
  const p = { ...declare(g, table), ...freeze(g, frozen.table, frozen.weights) };
  const { image } = frozen.shape;
  const patches = patchesOf(frozen.shape);
  const { ids, positions, mask, at } = reading(k, e);
  const { target, weight } = asked(k);
  const states = encoder(k, frozen.shape, e.rows, p, g.input('pixels', 'float32', [e.rows, 3, image, image]));
  const embeds = withPicture(k, s, e, embed(k, p, e, ids), projector(k, p, states), patches);
  const { stream, patterns } = decoder(k, s, e, p, { embeds, positions, mask });
  const scored = crossEntropy(k, unembed(k, s, p, stream, at), target, weight);
  const look = g.input('look', 'float32', [e.rows, e.length, patches]);
  const guided = guidance(k, patterns[GUIDED.layer]!, look, GUIDED.heads, FIRST_PATCH, patches);
  scalars(g, { ...scored, looks: guided.looks });
  const whole = k.add(scored.loss, k.mul(guided.loss, g.input('guide', 'float32', [])));
  optimiserStep(g, whole, groups, options);
  return { bytes: g.toBytes(), table };
}

/** Weights of the parts of the encoder's loss; patches of ground are many, so that they count little for the thing. */
const DENSE = { size: 0.7, ground: 0.3, place: 2 } as const;

/** One step of the encoder by dense labels: thing, size, ground and place of every patch. */
export function encoderStep(s: EncoderShape, rows: number, group: Group, options: StepOptions): StepGraph {
  const g = new GraphBuilder();
  const k = kit(g);
  const p = declare(g, group.table);
  const n = rows * patchesOf(s);
  const pixels = g.input('pixels', 'float32', [rows, 3, s.image, s.image]);
  const label = (name: string) => g.input(name, 'int64', [n]);
  const weight = (name: string) => g.input(name, 'float32', [n]);
  const states = encoder(k, s, rows, p, pixels);
  const [onThing, all, balance] = [weight('onThing'), weight('all'), weight('balance')];
  const thing = crossEntropy(k, readout(k, p, 'thing', states), label('thing'), balance);
  const size = crossEntropy(k, readout(k, p, 'size', states), label('size'), balance);
  const ground = crossEntropy(k, readout(k, p, 'ground', states), label('ground'), all);
  const place = squaredError(k, readout(k, p, 'place', states), g.input('place', 'float32', [n, 2]), all);
  const loss = k.add(
    k.add(thing.loss, k.times(size.loss, DENSE.size)),
    k.add(k.times(ground.loss, DENSE.ground), k.times(place, DENSE.place)),
  );
  const rightOn = (logits: string, of: string) =>
    k.div(
      k.sumAll(k.mul(k.float(k.g.op('Equal', [best(k, logits), of])), onThing)),
      k.add(k.sumAll(onThing), k.scalar(1e-6)),
    );
  scalars(g, {
    loss,
    accuracy: rightOn(readout(k, p, 'thing', states), 'thing'),
    sizes: rightOn(readout(k, p, 'size', states), 'size'),
    grounds: ground.accuracy,
    placeError: place,
  });
  optimiserStep(g, loss, [group], options);
  return { bytes: g.toBytes(), table: group.table };
}

/** Fixed directions in the space of words that the projector is first turned to. */
export interface Compass {
  /** Mean of the words, and unit directions of each from it: `[words, d]`, `[sizes, d]`. */
  readonly mean: Float32Array;
  readonly words: Float32Array;
  readonly sizes: Float32Array;
  /** Two unit directions of place `[2, d]`. */
  readonly place: Float32Array;
  /** Mean norm of the words. */
  readonly norm: number;
}
const SHARPNESS = 12;
const REACH = 0.8;
const ALIGN = { size: 0.5, place: 3, scale: 1 } as const;

/**
 * One step of the projector alone: a patch of a thing points at the word for it and for its size, a patch of ground at the word for
 * its colour, both carry their place along two fixed directions, at the scale of words.
 */
export function alignStep(
  s: DecoderShape,
  frozen: FrozenEncoder,
  rows: number,
  group: Group,
  compass: Compass,
  options: StepOptions,
): StepGraph {
  const g = new GraphBuilder();
  const k = kit(g);
  const p = { ...declare(g, group.table), ...freeze(g, frozen.table, frozen.weights) };
  const { image } = frozen.shape;
  const n = rows * patchesOf(frozen.shape);
  const states = encoder(k, frozen.shape, rows, p, g.input('pixels', 'float32', [rows, 3, image, image]));
  const v = projector(k, p, states);
  const centred = k.sub(v, g.constant(f32(compass.mean, [s.d])));
  const length = (x: string) => g.op('Sqrt', [k.add(k.sum(k.square(x), 1, 1), k.scalar(1e-9))]);
  const unit = k.div(centred, length(centred));
  const towards = (rows_d: Float32Array) =>
    k.times(k.linear(unit, g.constant(f32(rows_d, [rows_d.length / s.d, s.d]))), SHARPNESS);
  const [all, onThing] = ['all', 'onThing'].map((name) => g.input(name, 'float32', [n])) as [string, string];
  const word = crossEntropy(k, towards(compass.words), g.input('word', 'int64', [n]), all);
  const size = crossEntropy(k, towards(compass.sizes), g.input('big', 'int64', [n]), onThing);
  const read = k.times(k.linear(v, g.constant(f32(compass.place, [2, s.d]))), 1 / compass.norm);
  const place = squaredError(k, read, k.times(g.input('place', 'float32', [n, 2]), REACH), all);
  const scale = k.sumAll(k.square(k.sub(k.times(length(v), 1 / compass.norm), k.scalar(1.15))));
  const loss = k.add(
    k.add(word.loss, k.times(size.loss, ALIGN.size)),
    k.add(k.times(place, ALIGN.place), k.times(scale, ALIGN.scale / n)),
  );
  scalars(g, { loss, accuracy: word.accuracy, sizes: size.accuracy, placeError: place });
  optimiserStep(g, loss, [group], options);
  return { bytes: g.toBytes(), table: group.table };
}

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
  const logP = g.op('LogSoftmax', [logits], { axis: { int: -1 } });
  const column = g.op('Unsqueeze', [g.input('target', 'int64', ['n']), k.ints(1)]);
  const nll = g.op('Neg', [k.reshape(g.op('GatherElements', [logP, column], { axis: { int: 1 } }), -1)]);
  g.output(best(k, logits), 'best', 'int64', ['n']);
  g.output(nll, 'nll', 'float32', ['n']);
  g.output(logits, 'logits', 'float32', ['n', s.vocab]);
  return g.toBytes();
}

/** Image features `[rows * patches, d]` of pixels. */
export function featureGraph(frozen: FrozenEncoder, table: ParameterTable, d: number, rows: number): Uint8Array {
  const g = new GraphBuilder();
  const k = kit(g);
  const { image } = frozen.shape;
  const p = { ...declare(g, table), ...freeze(g, frozen.table, frozen.weights) };
  const states = encoder(k, frozen.shape, rows, p, g.input('pixels', 'float32', [rows, 3, image, image]));
  g.output(projector(k, p, states), 'features', 'float32', [rows * patchesOf(frozen.shape), d]);
  return g.toBytes();
}
