import { f32, type Tensor } from '../../graph/tensor.ts';
import { type Random, random } from '../random.ts';
import { asked, type Told, tellAbout } from '../scene/told.ts';
import { clausesOf, guideText } from './guide.ts';
import { type Emphasis, type Lesson, Page, type Special, type Tokenize, type TurnIds } from './pack.ts';
import { drawOf, type Part } from './split.ts';

export const turnIds = (tokenize: Tokenize, turn: { prompt: string; answer: string }): TurnIds => ({
  prompt: tokenize(asked(turn.prompt)),
  answer: tokenize(` ${turn.answer}`),
});

/** Sizes and shares of the base's lessons. */
export interface TextLessons {
  readonly rows: number;
  readonly length: number;
  /** Questions about one told scene, at most. */
  readonly questions: number;
  /** Share of told scenes whose questions see each other. */
  readonly together: number;
  readonly emphasis: Emphasis;
  /** Share of rows that hold a story alone, and the weight of a story's tokens. */
  readonly stories: number;
  readonly story: number;
  /** Of the questions drawn of a kind, the share that is kept (1 where absent). */
  readonly keep: Readonly<Record<string, number>>;
  /**
   * Questions of relations join later: before `from` of the training only this `least` share is kept, after `to` all are. Before things
   * are found in the text, a relation is a coin's toss and teaches noise.
   */
  readonly relations: { readonly least: number; readonly from: number; readonly to: number };
}

/** Kinds judged yes or no by two things. */
const RELATIONS = ['relation', 'compare'];
/** Questions drawn for one that is asked, so that enough are kept. */
const SPARE = 6;

/** Share of the questions of a kind that is kept at a moment (0 to 1) of the training. */
export function shareAt({ keep, relations: { least, from, to } }: TextLessons, kind: string, moment: number): number {
  const ramp = Math.min(1, Math.max(0, (moment - from) / Math.max(1e-9, to - from)));
  return (keep[kind] ?? 1) * (RELATIONS.includes(kind) ? least + (1 - least) * ramp : 1);
}

/** A told scene as a lesson. */
export function toldLesson(told: Told, tokenize: Tokenize, { bos }: Special, apart: boolean): Lesson {
  const turns = told.turns.map((turn) => turnIds(tokenize, turn));
  return { context: [bos, ...tokenize(told.text)], turns, apart };
}

/** Scene of a part, told with `questions` questions. */
export const toldScene = (part: Part, draws: Random, questions: number): Told =>
  tellAbout(draws, drawOf(part, draws), questions);

/** A told scene with the questions that are kept at a moment; the same question twice would teach nothing more. */
function asks(options: TextLessons, draws: Random, moment: number): Told {
  const drawn = toldScene('train', draws, SPARE * options.questions);
  const kept = drawn.turns.filter(({ kind }) => draws.chance(shareAt(options, kind, moment)));
  const turns = [...new Map(kept.map((turn) => [turn.prompt, turn])).values()];
  return { ...drawn, turns: turns.slice(0, options.questions) };
}

/** A part of a story that fits, begun anywhere. */
function windowOf(draws: Random, story: readonly number[], room: number): readonly number[] {
  const from = draws.int(0, Math.max(0, story.length - room));
  return story.slice(from, from + room);
}

/** Less room than this holds no scene with a question or two; less than a story's is left empty. */
const SHORTEST_SCENE = 64;
const SHORTEST_STORY = 16;

/**
 * Inputs of step `step` of the base: each row holds scenes told in words with questions whose answers stand in the text, then parts of
 * stories; some rows stories alone. Depends on the seed, the step and its `moment` (share of all steps) alone.
 */
export function textLesson(
  options: TextLessons,
  stories: readonly (readonly number[])[],
  tokenize: Tokenize,
  special: Special,
  seed: number,
  step: number,
  moment: number,
): Record<string, Tensor> {
  const page = new Page(options.rows, options.length, special);
  const dims = [options.rows, options.length, options.length];
  const look = () => new Float32Array(options.rows * options.length ** 2);
  const looks = { size: look(), said: look(), named: look(), first: look(), last: look() };
  const clauses = clausesOf(tokenize);
  for (let row = 0; row < options.rows; row += 1) {
    const draws = random(seed, 'lesson/text', step, row);
    const isStory = draws.chance(options.stories);
    while (!isStory && page.room(row) >= SHORTEST_SCENE) {
      const lesson = toldLesson(asks(options, draws, moment), tokenize, special, !draws.chance(options.together));
      const start = options.length - page.room(row);
      page.put(row, lesson, options.emphasis);
      guideText(looks, { row, start, length: options.length }, page.row(row), lesson.context.length, clauses);
    }
    while (page.room(row) >= SHORTEST_STORY) {
      const story = windowOf(draws, draws.pick(stories), page.room(row) - 1);
      const weights = { context: options.story, prompt: 0, answer: 0 };
      page.put(row, { context: [special.bos, ...story], turns: [], apart: true }, weights);
    }
  }
  const guides = Object.entries(looks).map(([name, values]) => [`look.${name}`, f32(values, dims)]);
  return { ...page.feeds(), ...Object.fromEntries(guides) };
}
