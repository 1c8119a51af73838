import type { LiveQuestion, LiveScene } from '#release/probe/live.ts';
import type { Relation, Scene } from '../../data/sample.ts';
import { holds, isClear, RELATIONS } from '../../data/scene/relations.ts';
import { EITHER_OR, JUDGED } from '../../data/scene/spatial.ts';
import { oppositeOf } from '../../data/scene/words.ts';

interface Phrase {
  readonly relation: Relation;
  /** Answers where the relation holds, and where it does not. */
  readonly answers: readonly [string, string];
  readonly say: (a: string, b: string) => string;
}

const judged = JUDGED[0]!.say;

/** Phrase shown in the question builder -> what it asks. Yes-or-no relations in all their wordings, then either-or. */
export const PHRASES: Readonly<Record<string, Phrase>> = Object.fromEntries<Phrase>([
  ...(Object.keys(RELATIONS) as Relation[]).flatMap((relation) =>
    RELATIONS[relation].phrasings.map((words): [string, Phrase] => [
      words,
      { relation, answers: ['yes', 'no'], say: (a, b) => judged(a, words, b) },
    ]),
  ),
  ...EITHER_OR.map((form): [string, Phrase] => [form.answers.join(' or '), form]),
]);

/** A question about two things of a scene; its answer is null where the things are too close to the edge between both. */
export function askTwo(scene: LiveScene, subject: string, phrase: string, object: string): LiveQuestion {
  const { relation, answers, say } = PHRASES[phrase]!;
  const prompt = say(subject, object);
  const find = (name: string) => (scene as Scene).objects.find((thing) => thing.name === name);
  const [a, b] = [find(subject), find(object)];
  if (!a || !b || a === b || !isClear(relation, a, b)) return { prompt, answer: null, opposite: null };
  const answer = answers[holds(relation, a, b) ? 0 : 1];
  return { prompt, answer, opposite: oppositeOf(answer) ?? null };
}
