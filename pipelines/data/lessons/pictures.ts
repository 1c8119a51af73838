import { f32, i64, type Tensor } from '../../graph/tensor.ts';
import { type Random, random } from '../random.ts';
import type { Scene } from '../sample.ts';
import { ASK, type Family } from '../scene/families.ts';
import type { Question } from '../scene/question.ts';
import { renderScene, type Sprites } from '../scene/render.ts';
import { IMAGE_SIZE, THING_NAMES } from '../scene/world.ts';
import { type Labels, labelsOf, PATCHES, writePixels } from './dense.ts';
import { namesOf } from './guide.ts';
import { type Emphasis, Page, type Special, type Tokenize } from './pack.ts';
import { drawOf, type Part } from './split.ts';
import { turnIds } from './text.ts';

/** Shares of the families, and of the questions drawn of a kind the share that is kept (1 where absent). */
export interface Mixture {
  readonly families: Readonly<Record<Family, number>>;
  readonly keep: Readonly<Record<string, number>>;
}

/** A question of the mixture. */
export function askMixed(draws: Random, scene: Scene, { families, keep }: Mixture): Question {
  const names = Object.keys(families) as Family[];
  const weights = names.map((name) => families[name]);
  for (;;) {
    const question = ASK[names[draws.weighted(weights)]!](draws, scene);
    if (question && draws.chance(keep[question.kind] ?? 1)) return question;
  }
}

export interface PictureLessons {
  readonly rows: number;
  /** Positions of a row: BOS, patches and words. */
  readonly length: number;
  /** Share of rows whose questions see each other, as in a conversation. */
  readonly together: number;
  /** Share of rows that hold a story in place of questions, with the picture hidden. */
  readonly stories: number;
  readonly emphasis: Emphasis;
  readonly story: number;
  readonly mixture: Mixture;
}

/** More questions than fit a row. */
const QUESTIONS = 24;

/** A scene with its picture and questions that fill a row. */
export function pictured(part: Part, draws: Random, mixture: Mixture, count = QUESTIONS) {
  const scene = drawOf(part, draws);
  return { scene, questions: Array.from({ length: count }, () => askMixed(draws, scene, mixture)) };
}

/** BOS and the places of the patches. */
export const pictureContext = ({ bos, image }: Special): number[] => [bos, ...new Array<number>(PATCHES).fill(image)];

/** For every position whose word names a thing of the scene, the patches that show it: `[length, PATCHES]` into `look`. */
function guide(
  look: Float32Array,
  row: number,
  length: number,
  ids: readonly number[],
  labels: Labels,
  names: ReadonlyMap<number, number>,
) {
  ids.forEach((id, position) => {
    const thing = names.get(id);
    if (thing === undefined) return;
    labels.thing.forEach((label, patch) => {
      if (label === thing) look[(row * length + position) * PATCHES + patch] = 1;
    });
  });
}

/**
 * Inputs of step `step` of the tuned model, or (`pictures: false`) of its control without pictures on the same questions and answers.
 * Depends on the seed and the step alone.
 */
export function pictureLesson(
  options: PictureLessons,
  source: {
    readonly sprites: Sprites;
    readonly stories: readonly (readonly number[])[];
    readonly tokenize: Tokenize;
    readonly special: Special;
  },
  pictures: boolean,
  seed: number,
  step: number,
): Record<string, Tensor> {
  const { sprites, stories, tokenize, special } = source;
  const { rows } = options;
  const length = pictures ? options.length : options.length - PATCHES;
  const page = new Page(rows, length, special);
  const names = namesOf(tokenize);
  const pixels = new Float32Array(pictures ? rows * 3 * IMAGE_SIZE ** 2 : 0);
  const look = new Float32Array(pictures ? rows * length * PATCHES : 0);
  const context = pictures ? pictureContext(special) : [special.bos];
  for (let row = 0; row < rows; row += 1) {
    const draws = random(seed, 'lesson/picture', step, row);
    const { scene, questions } = pictured('train', draws, options.mixture);
    const apart = !draws.chance(options.together);
    const isStory = draws.chance(options.stories);
    if (pictures) writePixels(renderScene(scene, sprites, random(seed, 'lesson/pixels', step, row)), pixels, row);
    if (isStory) {
      if (pictures) page.put(row, { context, turns: [], apart }, { context: 0, prompt: 0, answer: 0 });
      const story = [special.bos, ...draws.pick(stories)].slice(0, page.room(row));
      page.put(row, { context: story, turns: [], apart }, { context: options.story, prompt: 0, answer: 0 });
      continue;
    }
    const turns = questions.map((question) => turnIds(tokenize, question));
    page.put(row, { context, turns, apart }, options.emphasis);
    if (pictures) guide(look, row, length, page.row(row), labelsOf(scene, sprites), names);
  }
  const feeds = page.feeds();
  if (!pictures) return feeds;
  const side = IMAGE_SIZE;
  return { ...feeds, pixels: f32(pixels, [rows, 3, side, side]), look: f32(look, [rows, length, PATCHES]) };
}

/** How much a patch of ground counts beside a patch of a thing. */
const GROUND_WEIGHT = 0.15;

/** Inputs of step `step` of the encoder and of the projector's alignment: pictures with dense labels. */
export function denseLesson(
  rows: number,
  sprites: Sprites,
  part: Part,
  seed: number,
  step: number,
): Record<string, Tensor> {
  const side = IMAGE_SIZE;
  const pixels = new Float32Array(rows * 3 * side * side);
  const all: Labels[] = [];
  for (let row = 0; row < rows; row += 1) {
    const draws = random(seed, 'lesson/dense', part, step, row);
    const scene = drawOf(part, draws);
    writePixels(renderScene(scene, sprites, draws), pixels, row);
    all.push(labelsOf(scene, sprites));
  }
  const flat = (of: (labels: Labels) => ArrayLike<number>) => all.flatMap((labels) => Array.from(of(labels)));
  const thing = flat((labels) => labels.thing);
  const ground = flat((labels) => new Uint8Array(PATCHES).fill(labels.ground));
  const size = flat((labels) => labels.size);
  return {
    ...{ pixels: f32(pixels, [rows, 3, side, side]), thing: i64(thing), size: i64(size), ground: i64(ground) },
    place: f32(
      flat((labels) => labels.place),
      [rows * PATCHES, 2],
    ),
    word: i64(thing.map((label, i) => (label > 0 ? label - 1 : THING_NAMES.length + ground[i]!))),
    big: i64(size.map((label) => (label === 2 ? 1 : 0))),
    all: f32(new Float32Array(thing.length).fill(1)),
    onThing: f32(thing.map((label) => (label > 0 ? 1 : 0))),
    balance: f32(thing.map((label) => (label > 0 ? 1 : GROUND_WEIGHT))),
  };
}
