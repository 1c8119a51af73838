import type { Random } from '../random.ts';
import type { Scene } from '../sample.ts';
import { askList } from './nonspatial.ts';
import type { Question } from './question.ts';
import { DIRECTIONS, factsOf } from './relations.ts';
import { sayRelation } from './words.ts';

const SHARE_OF_LISTS = 1 / 3;
const STATED = 2;
const ARRANGED = ['Describe how the items are arranged.', 'How are the items placed?'];

/** Two clear relations of a scene in words, at random. */
function arrangement(random: Random, scene: Scene): string {
  const said = factsOf(scene, DIRECTIONS).map(
    (fact) => `The ${fact.subject.name} is ${sayRelation(random, fact.relation)} the ${fact.object.name}.`,
  );
  return random.shuffle(said).slice(0, STATED).join(' ');
}

/** A prompt without any spatial word; two in three ask for the arrangement. */
export function askGeneric(random: Random, scene: Scene): Question {
  if (random.chance(SHARE_OF_LISTS)) return askList(random, scene);
  const prompt = random.pick(ARRANGED);
  return { kind: 'arrange', prompt, answer: arrangement(random, scene) };
}
