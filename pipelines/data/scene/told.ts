import type { Random } from '../random.ts';
import type { Relation, Scene, SceneObject } from '../sample.ts';
import { askNonspatial } from './nonspatial.ts';
import { drawScene } from './place.ts';
import { DIRECTIONS, type Fact, factsOf, holds, RELATIONS } from './relations.ts';
import { joined, listing, sayRelation, sized } from './words.ts';
import { zoneCell, zoneOf } from './zones.ts';

export interface Turn {
  readonly kind: string;
  readonly prompt: string;
  readonly answer: string;
}

/** A scene told in words, and questions that its words answer. */
export interface Told {
  readonly text: string;
  readonly turns: readonly Turn[];
}

/** A claim about two things with its truth. */
interface Claim {
  readonly a: SceneObject;
  readonly b: SceneObject;
  readonly relation: Relation;
  readonly truth: boolean;
}

const SHARE_OF_ZONES = 0.6;
const STATED = 3;
const TRIES = 10;
const QUESTIONS = { from: 1, to: 5 };
const SHARE_WHERE = 0.3;
const SHARE_SPATIAL = 0.7;
const SHARE_EITHER_OR = 0.3;

const EITHER_OR: Partial<Record<Relation, { first: Relation; words: string; answers: [string, string] }>> = {
  'left of': { first: 'left of', words: 'on the left or right of', answers: ['left', 'right'] },
  'right of': { first: 'left of', words: 'on the left or right of', answers: ['left', 'right'] },
  above: { first: 'above', words: 'above or below', answers: ['above', 'below'] },
  below: { first: 'above', words: 'above or below', answers: ['above', 'below'] },
};
const JUDGED = ['Is the {claim}?', 'Is the {claim}?', 'Is this correct? The {claim}.'] as const;

/** Whether the zones of two things alone settle a relation of direction. */
function settledByZones(relation: Relation, a: SceneObject, b: SceneObject): boolean {
  const [one, two] = [zoneCell(a), zoneCell(b)];
  return relation === 'left of' || relation === 'right of' ? one.column !== two.column : one.row !== two.row;
}

const told = (random: Random, scene: Scene): string => {
  const things = random.shuffle(scene.objects).map((thing) => `${sized(thing)} ${zoneOf(thing)}`);
  return `There is ${joined(things)}. The background is ${scene.background}.`;
};

function toldByFacts(random: Random, scene: Scene, facts: readonly Fact[]): string {
  const said = facts.map(({ subject, relation, object }) => {
    const [a, r, b] = random.chance(0.5) ? [object, RELATIONS[relation].inverse, subject] : [subject, relation, object];
    return ` The ${a.name} is ${sayRelation(random, r)} the ${b.name}.`;
  });
  return `There is ${listing(random, scene)}${said.join('')}`;
}

/** A claim that the text settles: from the zones, or a stated fact, turned round and denied at random. */
function drawClaim(random: Random, scene: Scene, facts: readonly Fact[] | undefined): Claim | undefined {
  if (!facts) {
    const [a, b] = random.shuffle(scene.objects) as [SceneObject, SceneObject];
    const relation = random.pick(DIRECTIONS);
    return settledByZones(relation, a, b) ? { a, b, relation, truth: holds(relation, a, b) } : undefined;
  }
  if (facts.length === 0) return undefined;
  const { subject, relation, object } = random.pick(facts);
  const inverse = RELATIONS[relation].inverse;
  const turned = random.chance(0.5);
  const right = turned ? inverse : relation;
  const truth = random.chance(0.5);
  return {
    a: turned ? object : subject,
    b: turned ? subject : object,
    relation: truth ? right : RELATIONS[right].inverse,
    truth,
  };
}

function askClaim(random: Random, { a, b, relation, truth }: Claim): Turn {
  const choice = EITHER_OR[relation];
  if (choice && random.chance(SHARE_EITHER_OR)) {
    const first = (relation === choice.first) === truth;
    const prompt = `Is the ${a.name} ${choice.words} the ${b.name}?`;
    return { kind: 'choice', prompt, answer: choice.answers[first ? 0 : 1] };
  }
  const form = random.pick(JUDGED);
  const claim = form.startsWith('Is the') ? `${a.name} {r} the ${b.name}` : `${a.name} is {r} the ${b.name}`;
  const prompt = form.replace('{claim}', claim).replace('{r}', sayRelation(random, relation));
  return { kind: 'relation', prompt, answer: truth ? 'yes' : 'no' };
}

function askTold(random: Random, scene: Scene, facts: readonly Fact[] | undefined): Turn {
  const u = random.float();
  if (u < SHARE_WHERE && !facts) {
    const thing = random.pick(scene.objects);
    return { kind: 'place', prompt: `Where is the ${thing.name}?`, answer: zoneOf(thing) };
  }
  for (let i = 0; u < SHARE_SPATIAL && i < TRIES; i++) {
    const claim = drawClaim(random, scene, facts);
    if (claim) return askClaim(random, claim);
  }
  return askNonspatial(random, scene);
}

/** Tells a scene: by the zone of each thing, or by a list and stated relations. @param questions drawn from 1 to 5 where absent */
export function tellAbout(random: Random, scene: Scene, questions?: number): Told {
  const byZones = random.chance(SHARE_OF_ZONES);
  const facts = byZones ? undefined : random.shuffle(unorderedFacts(scene)).slice(0, STATED);
  const text = facts ? toldByFacts(random, scene, facts) : told(random, scene);
  const count = questions ?? random.int(QUESTIONS.from, QUESTIONS.to);
  return { text, turns: Array.from({ length: count }, () => askTold(random, scene, facts)) };
}

/** Words of a question as the chat template writes them, up to where its answer begins. */
export const asked = (prompt: string): string => `\nUSER: ${prompt}\nASSISTANT:`;

/** A scene told in words, and one to five questions that its words answer: what the base learns of space from text. */
export function tellScene(random: Random): string {
  const { text, turns } = tellAbout(random, drawScene(random));
  return text + turns.map(({ prompt, answer }) => `${asked(prompt)} ${answer}`).join('');
}

/** The clear directions of a scene, each pair of things once. */
const unorderedFacts = (scene: Scene): Fact[] =>
  factsOf(scene, DIRECTIONS).filter(
    ({ subject, object }) => scene.objects.indexOf(subject) < scene.objects.indexOf(object),
  );
