import type { Random } from '../random.ts';
import type { Relation, Scene, SceneObject } from '../sample.ts';
import { askOneOf, type Kind, type Question } from './question.ts';
import { DIRECTIONS, holds, isClear, RELATIONS } from './relations.ts';
import { sayRelation } from './words.ts';
import { zoneOf } from './zones.ts';

/** The two things that a spatial question is about. */
interface Two {
  readonly a: SceneObject;
  readonly b: SceneObject;
}

const RELATION_WEIGHTS: Record<Relation, number> = {
  'left of': 0.22,
  'right of': 0.22,
  above: 0.2,
  below: 0.2,
  near: 0.08,
  'far from': 0.08,
};

/** Statements to be judged yes or no: prompt from subject, relation in words, reference object. */
export const JUDGED: readonly { weight: number; say: (a: string, r: string, b: string) => string }[] = [
  { weight: 4, say: (a, r, b) => `Is the ${a} ${r} the ${b}?` },
  { weight: 1, say: (a, r, b) => `Is this correct? The ${a} is ${r} the ${b}.` },
  { weight: 1, say: (a, r, b) => `True? The ${a} is ${r} the ${b}.` },
];

/** Either-or questions: the first answer is right where `relation` holds. */
export const EITHER_OR: readonly {
  relation: Relation;
  answers: [string, string];
  say: (a: string, b: string) => string;
}[] = [
  {
    relation: 'left of',
    answers: ['left', 'right'],
    say: (a, b) => `Is the ${a} on the left or right of the ${b}?`,
  },
  { relation: 'above', answers: ['above', 'below'], say: (a, b) => `Is the ${a} above or below the ${b}?` },
];

const TRIES = 20;

function judge(random: Random, _scene: Scene, { a, b }: Two): Question | undefined {
  const names = Object.keys(RELATION_WEIGHTS) as Relation[];
  const relation = names[random.weighted(Object.values(RELATION_WEIGHTS))]!;
  if (!isClear(relation, a, b)) return undefined;
  const { say } = JUDGED[random.weighted(JUDGED.map((form) => form.weight))]!;
  const truth = holds(relation, a, b);
  return {
    kind: 'relation',
    prompt: say(a.name, sayRelation(random, relation), b.name),
    answer: truth ? 'yes' : 'no',
    relation,
    holds: truth,
    subject: a.name,
    object: b.name,
  };
}

function choose(random: Random, _scene: Scene, { a, b }: Two): Question | undefined {
  const { relation, answers, say } = random.pick(EITHER_OR);
  if (!isClear(relation, a, b)) return undefined;
  const first = holds(relation, a, b);
  return {
    kind: 'choice',
    prompt: say(a.name, b.name),
    answer: answers[first ? 0 : 1],
    relation: first ? relation : RELATIONS[relation].inverse,
    holds: true,
    subject: a.name,
    object: b.name,
  };
}

function which(random: Random, scene: Scene, { b }: Two): Question | undefined {
  const relation = random.pick(DIRECTIONS);
  const others = scene.objects.filter((thing) => thing !== b);
  const [only, second] = others.filter((thing) => holds(relation, thing, b));
  if (!only || second || !others.every((thing) => isClear(relation, thing, b))) return undefined;
  return {
    kind: 'which',
    prompt: `What is ${sayRelation(random, relation)} the ${b.name}?`,
    answer: `the ${only.name}`,
    relation,
    holds: true,
    subject: only.name,
    object: b.name,
  };
}

function place(_random: Random, _scene: Scene, { a }: Two): Question {
  return {
    kind: 'place',
    prompt: `Where is the ${a.name}?`,
    answer: zoneOf(a),
    relation: zoneOf(a),
    subject: a.name,
  };
}

const KINDS: readonly Kind<Two>[] = [
  { weight: 6, ask: judge },
  { weight: 2, ask: choose },
  { weight: 1, ask: which },
  { weight: 1, ask: place },
];

/** A question that only the places of things answer; undefined where 20 draws found none that is clear. */
export function askSpatial(random: Random, scene: Scene): Question | undefined {
  const [a, b] = random.shuffle(scene.objects);
  return askOneOf(KINDS, random, scene, { a: a!, b: b! }, TRIES);
}
