import { type Random, random } from '../random.ts';
import { type Told, tellAbout } from '../scene/told.ts';
import { type Emphasis, type Lesson, Page, type Special, type Tokenize, type TurnIds } from './pack.ts';
import { drawOf, type Part } from './split.ts';

/** Words of a turn as the chat template writes them. */
export const asked = (prompt: string): string => `\nUSER: ${prompt}\nASSISTANT:`;

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
  /** Weight of a story's tokens. */
  readonly story: number;
}

/** A told scene as a lesson. */
export function toldLesson(told: Told, tokenize: Tokenize, { bos }: Special, apart: boolean): Lesson {
  const turns = told.turns.map((turn) => turnIds(tokenize, turn));
  return { context: [bos, ...tokenize(told.text)], turns, apart };
}

/** Scene of a part, told with `questions` questions. */
export const toldScene = (part: Part, draws: Random, questions: number): Told =>
  tellAbout(draws, drawOf(part, draws), questions);

/** Less room than this is left empty. */
const SHORTEST_STORY = 16;

/**
 * Inputs of step `step` of the base: each row a scene told in words with questions whose answers stand in the text, then a story,
 * cut where the row ends. Depends on the seed and the step alone.
 */
export function textLesson(
  options: TextLessons,
  stories: readonly (readonly number[])[],
  tokenize: Tokenize,
  special: Special,
  seed: number,
  step: number,
) {
  const page = new Page(options.rows, options.length, special);
  for (let row = 0; row < options.rows; row += 1) {
    const draws = random(seed, 'lesson/text', step, row);
    const told = toldScene('train', draws, options.questions);
    page.put(row, toldLesson(told, tokenize, special, !draws.chance(options.together)), options.emphasis);
    const room = page.room(row);
    if (room < SHORTEST_STORY) continue;
    const story = draws.pick(stories).slice(0, room - 1);
    const weights = { context: options.story, prompt: 0, answer: 0 };
    page.put(row, { context: [special.bos, ...story], turns: [], apart: true }, weights);
  }
  return page.feeds();
}
