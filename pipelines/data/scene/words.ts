import type { Random } from '../random.ts';
import type { Relation, Scene, SceneObject } from '../sample.ts';
import { RELATIONS } from './relations.ts';

/** With its article: "a cat", "an apple". */
export const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** "a big cat" */
export const sized = (thing: SceneObject): string => withArticle(`${thing.size} ${thing.name}`);

/** "x and y", "x, y and z" */
export const joined = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** One of the ways to say a relation. */
export const sayRelation = (random: Random, relation: Relation): string => random.pick(RELATIONS[relation].phrasings);

/** "a big cat and a small dog on a red background.", things in random order. */
export const listing = (random: Random, scene: Scene): string =>
  `${joined(random.shuffle(scene.objects).map(sized))} on a ${scene.background} background.`;

/** The forced choice: each answer with the one that contradicts it. */
const OPPOSITES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['yes', 'no'],
    ['left', 'right'],
    ['above', 'below'],
    ['big', 'small'],
    ['two', 'three'],
  ].flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
);

/** The one other possible answer, where a question has just two. */
export const oppositeOf = (answer: string): string | undefined =>
  Object.hasOwn(OPPOSITES, answer) ? OPPOSITES[answer] : undefined;
