import type { Random } from '../random.ts';
import type { Scene, SceneObject } from '../sample.ts';
import { askOneOf, type Kind, type Question } from './question.ts';
import { listing, sized, withArticle } from './words.ts';
import { THING_NAMES } from './world.ts';
import { zoneOf } from './zones.ts';

const COUNTS: Readonly<Record<number, string>> = { 2: 'two', 3: 'three' };

function exists(random: Random, scene: Scene, thing: SceneObject): Question {
  const present = random.chance(0.5);
  const shown = scene.objects.map((other) => other.name);
  const name = present ? thing.name : random.pick(THING_NAMES.filter((other) => !shown.includes(other)));
  const ending = random.pick(['', ' in the picture']);
  return {
    kind: 'exists',
    prompt: `Is there ${withArticle(name)}${ending}?`,
    answer: present ? 'yes' : 'no',
    holds: present,
    subject: name,
  };
}

function colour(random: Random, scene: Scene, thing: SceneObject): Question {
  const prompt = random.pick(['What colour is the background?', `What colour is behind the ${thing.name}?`]);
  return { kind: 'colour', prompt, answer: scene.background };
}

const count = (_random: Random, scene: Scene): Question => ({
  kind: 'count',
  prompt: 'How many things are there?',
  answer: COUNTS[scene.objects.length]!,
});

const size = (_random: Random, _scene: Scene, thing: SceneObject): Question => ({
  kind: 'size',
  prompt: `Is the ${thing.name} big or small?`,
  answer: thing.size,
  subject: thing.name,
});

/** Compared with a thing of the other size; where there is none, the size itself is asked. */
function compare(random: Random, scene: Scene, thing: SceneObject): Question {
  const others = scene.objects.filter((other) => other.size !== thing.size);
  if (others.length === 0) return size(random, scene, thing);
  const other = random.pick(others);
  const bigger = thing.size === 'big';
  return {
    kind: 'compare',
    prompt: `Is the ${thing.name} bigger than the ${other.name}?`,
    answer: bigger ? 'yes' : 'no',
    holds: bigger,
    subject: thing.name,
    object: other.name,
  };
}

const NONSPATIAL: readonly Kind<SceneObject>[] = [exists, colour, count, size, compare].map((ask) => ({
  weight: 1,
  ask,
}));

/** A question that can be answered without knowing where things are. */
export const askNonspatial = (random: Random, scene: Scene): Question =>
  askOneOf(NONSPATIAL, random, scene, random.pick(scene.objects), 1)!;

const SEEN = ['What is in the picture?', 'Describe the picture.'];

/** "What is in the picture?", answered by a list of things and the ground. */
export const askList = (random: Random, scene: Scene): Question => ({
  kind: 'list',
  prompt: random.pick(SEEN),
  answer: listing(random, scene),
});

function where(random: Random, _scene: Scene, thing: SceneObject): Question {
  const prompt = random.pick([`Where is the ${thing.name}?`, `Where is the ${thing.name} in the picture?`]);
  return { kind: 'place', prompt, answer: zoneOf(thing), relation: zoneOf(thing), subject: thing.name };
}

/** What stands in a zone; where two things share it, a list is asked instead. */
function what(random: Random, scene: Scene, thing: SceneObject): Question {
  const zone = zoneOf(thing);
  if (scene.objects.filter((other) => zoneOf(other) === zone).length > 1) return askList(random, scene);
  return { kind: 'what', prompt: `What is ${zone}?`, answer: sized(thing), relation: zone, subject: thing.name };
}

const GROUNDED: readonly Kind<SceneObject>[] = [
  { weight: 5, ask: where },
  { weight: 3, ask: what },
  { weight: 2, ask: askList },
];

/** Where each thing is and what is in each place: the dense captions of the pair's training. */
export const askGrounded = (random: Random, scene: Scene): Question =>
  askOneOf(GROUNDED, random, scene, random.pick(scene.objects), 1)!;
