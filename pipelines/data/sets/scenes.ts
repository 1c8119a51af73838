import { type Random, random } from '../random.ts';
import type { Relation, Sample, Scene, Truth } from '../sample.ts';
import { ASK, type Family } from '../scene/families.ts';
import { mirrorScene, type Queried, swapScene } from '../scene/flip.ts';
import { drawScene } from '../scene/place.ts';
import type { Question } from '../scene/question.ts';
import { RELATIONS } from '../scene/relations.ts';
import { renderScene, type Sprites } from '../scene/render.ts';
import { oppositeOf } from '../scene/words.ts';

/** Shares of the families in the stream that the pair was fine-tuned on. */
const MIX: readonly [Family, number][] = [
  ['spatial', 0.35],
  ['nonspatial', 0.22],
  ['generic', 0.08],
  ['grounded', 0.35],
];

interface Asked {
  readonly scene: Scene;
  readonly family: Family;
  readonly question: Question;
  /** Parts of the seed of the ground and noise; absent: no picture. */
  readonly picture?: readonly (string | number)[];
}
type SceneSet = (seed: number, index: number) => Asked;

const PAIRED = 'scenes/paired';

/** Scene and picture of the paired sets: the same for every family at one index. */
function pairedScene(seed: number, index: number) {
  const parts = [seed, PAIRED, index];
  return { scene: drawScene(random(...parts, 'scene')), picture: [...parts, 'picture'] };
}

/** A question of the family; `forced`: one with two possible answers. */
function ask(draws: Random, scene: Scene, family: Family, forced: boolean): Question {
  for (;;) {
    const question = ASK[family](draws, scene);
    if (question && (!forced || oppositeOf(question.answer))) return question;
  }
}

const paired =
  (family: Family, forced: boolean): SceneSet =>
  (seed, index) => {
    const { scene, picture } = pairedScene(seed, index);
    return { scene, picture, family, question: ask(random(seed, PAIRED, index, family), scene, family, forced) };
  };
const spatial = paired('spatial', true);

/** What becomes of a question whose answer has turned: an either-or names the relation that now holds. */
function turned(question: Question): Question {
  const answer = oppositeOf(question.answer)!;
  return question.kind === 'choice'
    ? { ...question, answer, relation: RELATIONS[question.relation as Relation].inverse }
    : { ...question, answer, holds: !question.holds };
}

/** The words of the spatial sample of an index over a picture that turns its answer. */
const flipped =
  (name: string, flip: typeof swapScene): SceneSet =>
  (seed, index) => {
    const asked = spatial(seed, index);
    const scene = flip(asked.scene, asked.question as Question & Queried, random(seed, PAIRED, index, name));
    return { ...asked, scene, question: turned(asked.question) };
  };

/** The training stream: families mixed, pictures that no paired set shows. */
const mixed: SceneSet = (seed, index) => {
  const parts = [seed, 'scenes', index];
  const draws = random(...parts, 'question');
  const scene = drawScene(random(...parts, 'scene'));
  const family = MIX[draws.weighted(MIX.map(([, share]) => share))]![0];
  return { scene, family, question: ask(draws, scene, family, false), picture: [...parts, 'picture'] };
};

/** Name -> rule. At one index all sets but `scenes` belong together: the same picture, or the same words. */
export const SCENE_SETS = {
  scenes: mixed,
  'scenes/spatial': spatial,
  'scenes/matched': paired('nonspatial', true),
  'scenes/generic': paired('generic', false),
  'scenes/word': (seed, index) => {
    const { scene, family, question } = spatial(seed, index);
    return { scene, family, question };
  },
  'scenes/mirror': flipped('mirror', mirrorScene),
  'scenes/swap': flipped('swap', swapScene),
} as const satisfies Record<string, SceneSet>;
export type SceneSetName = keyof typeof SCENE_SETS;

/** Sample `index` of a scene set; pure, so it runs in a browser too. */
export function sceneSample(name: SceneSetName, seed: number, index: number, sprites: Sprites): Sample {
  const set: SceneSet = SCENE_SETS[name];
  const { scene, family, question, picture } = set(seed, index);
  const { prompt, answer, ...about } = question;
  const opposite = oppositeOf(answer);
  const truth: Truth = { scene, family, ...about, ...(opposite ? { opposite } : {}) };
  return {
    id: `${name}/${index}`,
    ...(picture ? { image: renderScene(scene, sprites, random(...picture)) } : {}),
    prompt,
    answer,
    truth,
  };
}
