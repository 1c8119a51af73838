import type { TrainDemoConfig } from '../../config/train.ts';
import {
  type Mixture,
  PATCHES,
  Page,
  type Part,
  pictureContext,
  pictured,
  toldLesson,
  toldScene,
  turnIds,
  writePixels,
} from '../../data/lessons/index.ts';
import { random } from '../../data/random.ts';
import { renderScene } from '../../data/scene/render.ts';
import { IMAGE_SIZE } from '../../data/scene/world.ts';
import type { Weights } from '../../models/train/init.ts';
import { openAnswerer, openEyes } from './answers.ts';
import { type Score, Tally } from './tally.ts';
import type { World } from './world.ts';

const ROWS = 16;
/** Questions about one scene. */
const QUESTIONS = 8;
const TEXT_LENGTH = 224;
const ASKED = { context: 1, prompt: 1, answer: 1 } as const;
/** Draws of scenes that no lesson shares. */
const SEED = 'evaluation';

/** Questions that are measured: those with one right answer, every kind often enough. */
const MEASURED: Mixture = {
  families: { spatial: 2, nonspatial: 2, generic: 0, grounded: 1 },
  keep: { relation: 0.5, list: 0, arrange: 0 },
};

export type Scores = Readonly<Record<string, Score>>;

/** Questions about pictures: with the picture, with the mean feature everywhere, with another scene's picture. */
export async function evaluatePictures(
  config: TrainDemoConfig,
  world: World,
  tuned: Weights,
  vision: Weights,
  scenes: number,
  part: Part,
): Promise<Record<'seen' | 'mean' | 'other', Scores>> {
  const length = 1 + PATCHES + TEXT_LENGTH;
  const eyes = await openEyes(config, tuned, vision, ROWS);
  const answerer = await openAnswerer(config, tuned, { rows: ROWS, length }, true);
  const tallies = { seen: new Tally(), mean: new Tally(), other: new Tally() };
  let mean: Float32Array | undefined;
  for (let batch = 0; batch * ROWS < scenes; batch += 1) {
    const page = new Page(ROWS, length, world.special);
    const pixels = new Float32Array(ROWS * 3 * IMAGE_SIZE ** 2);
    const asked = Array.from({ length: ROWS }, (_, row) => {
      const draws = random(config.seed, SEED, part, batch * ROWS + row);
      const { scene, questions } = pictured(part, draws, MEASURED, QUESTIONS);
      writePixels(renderScene(scene, world.sprites, draws), pixels, row);
      const turns = questions.map((question) => turnIds(world.tokenize, question));
      const answered = page.put(row, { context: pictureContext(world.special), turns, apart: true }, ASKED);
      return { questions, answered };
    });
    const own = await eyes.see(pixels);
    mean ??= meanFeature(own, config.decoder.d);
    const { d } = config.decoder;
    const other = new Float32Array(own.length);
    other.set(own.subarray(PATCHES * d));
    other.set(own.subarray(0, PATCHES * d), own.length - PATCHES * d);
    for (const [how, features] of Object.entries({ seen: own, mean, other })) {
      const said = await answerer.say(page, features);
      for (const { questions, answered } of asked)
        answered.forEach((at, n) => {
          const { kind, answer } = questions[n]!;
          tallies[how as keyof typeof tallies].add(kind, answer, said.right(at));
        });
    }
  }
  await eyes.close();
  await answerer.close();
  return { seen: tallies.seen.scores(), mean: tallies.mean.scores(), other: tallies.other.scores() };
}

/** The mean feature of some scenes at every place. */
function meanFeature(features: Float32Array, d: number): Float32Array {
  const sums = new Float64Array(d);
  features.forEach((value, i) => {
    sums[i % d]! += value / (features.length / d);
  });
  return features.map((_, i) => sums[i % d]!);
}

/** A language model on its own text: questions that the text answers, and the same questions where the text is withheld. */
export async function evaluateText(
  config: TrainDemoConfig,
  world: World,
  weights: Weights,
  scenes: number,
): Promise<Record<'told' | 'withheld', Scores>> {
  const answerer = await openAnswerer(config, weights, { rows: ROWS, length: TEXT_LENGTH }, false);
  const tallies = { told: new Tally(), withheld: new Tally() };
  for (let batch = 0; batch * ROWS < scenes; batch += 1)
    for (const how of ['told', 'withheld'] as const) {
      const page = new Page(ROWS, TEXT_LENGTH, world.special);
      const asked = Array.from({ length: ROWS }, (_, row) => {
        const draws = random(config.seed, SEED, 'text', batch * ROWS + row);
        const told = toldScene('test', draws, QUESTIONS);
        const lesson = toldLesson(told, world.tokenize, world.special, true);
        const context = how === 'told' ? lesson.context : [world.special.bos];
        return { told, answered: page.put(row, { ...lesson, context }, ASKED) };
      });
      const said = await answerer.say(page);
      for (const { told, answered } of asked)
        answered.forEach((at, n) => {
          tallies[how].add(told.turns[n]!.kind, told.turns[n]!.answer, said.right(at));
        });
    }
  await answerer.close();
  return { told: tallies.told.scores(), withheld: tallies.withheld.scores() };
}

/** Perplexity of a token of the held-out stories. */
export async function perplexity(config: TrainDemoConfig, world: World, weights: Weights): Promise<number> {
  const answerer = await openAnswerer(config, weights, { rows: ROWS, length: TEXT_LENGTH }, false);
  let [sum, count] = [0, 0];
  for (let from = 0; from + ROWS <= world.heldOutStories.length; from += ROWS) {
    const page = new Page(ROWS, TEXT_LENGTH, world.special);
    world.heldOutStories.slice(from, from + ROWS).forEach((story, row) => {
      const context = [world.special.bos, ...story].slice(0, TEXT_LENGTH);
      page.put(row, { context, turns: [], apart: true }, ASKED);
    });
    const { nll } = await answerer.say(page);
    for (const value of nll) sum += value;
    count += nll.length;
  }
  await answerer.close();
  return Number(Math.exp(sum / count).toFixed(3));
}
