import { GraphBuilder } from '#graph/onnx/build.ts';
import { f32 } from '#graph/tensor.ts';
import { projector, readout } from './encoder.ts';
import { type FrozenEncoder, statesOfPixels, withFrozen } from './inputs.ts';
import { kit } from './kit.ts';
import { best, crossEntropy, squaredError } from './losses.ts';
import { type DecoderShape, type EncoderShape, patchesOf } from './shapes.ts';
import { declare, type Group, optimiserStep, type StepGraph, type StepOptions, scalars } from './step.ts';

/** Weights of the parts of the encoder's loss; patches of ground are many, so that they count little for the thing. */
const DENSE = { size: 0.7, ground: 0.3, place: 2 } as const;

/** One step of the encoder by dense labels: thing, size, ground and place of every patch. */
export function encoderStep(s: EncoderShape, rows: number, group: Group, options: StepOptions): StepGraph {
  const g = new GraphBuilder();
  const k = kit(g);
  const p = declare(g, group.table);
  const n = rows * patchesOf(s);
  const label = (name: string) => g.input(name, 'int64', [n]);
  const weight = (name: string) => g.input(name, 'float32', [n]);
  const states = statesOfPixels(k, s, rows, p);
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
  const p = withFrozen(g, group.table, frozen);
  const n = rows * patchesOf(frozen.shape);
  const states = statesOfPixels(k, frozen.shape, rows, p);
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
