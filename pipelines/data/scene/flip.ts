import type { Random } from '../random.ts';
import type { Relation, Scene, SceneObject } from '../sample.ts';
import { placeAll, placeThing } from './place.ts';
import { holds, isClear } from './relations.ts';
import { GROUND_NAMES, IMAGE_SIZE, THING_NAMES } from './world.ts';

/** What the flipped scene must contradict: `relation` between two named things. */
export interface Queried {
  readonly relation: Relation;
  readonly subject: string;
  readonly object: string;
}

const find = (scene: Scene, name: string): SceneObject => scene.objects.find((thing) => thing.name === name)!;

/** The queried relation has the other truth in `after`, and is clear there. */
function flips(before: Scene, after: Scene, { relation, subject, object }: Queried): boolean {
  const [a, b] = [find(after, subject), find(after, object)];
  return (
    isClear(relation, a, b) && holds(relation, a, b) !== holds(relation, find(before, subject), find(before, object))
  );
}

const map = (scene: Scene, change: (thing: SceneObject) => SceneObject): Scene => ({
  ...scene,
  objects: scene.objects.map(change),
});
const mirrorX = (scene: Scene): Scene => map(scene, (thing) => ({ ...thing, x: IMAGE_SIZE - thing.x }));
const mirrorY = (scene: Scene): Scene => map(scene, (thing) => ({ ...thing, y: IMAGE_SIZE - thing.y }));

const MOVES = 200;

/** A distance has no mirror: the subject alone moves, or everything where no place of the subject will do. */
function moveSubject(scene: Scene, queried: Queried, random: Random): Scene {
  const subject = find(scene, queried.subject);
  const others = scene.objects.filter((thing) => thing !== subject);
  for (let i = 0; i < MOVES; i++) {
    const moved = placeThing(random, subject.name, others, subject.size);
    if (!moved) break;
    const after = map(scene, (thing) => (thing === subject ? moved : thing));
    if (flips(scene, after, queried)) return after;
  }
  return redraw(random, scene, queried, () => scene.background);
}

function redraw(random: Random, scene: Scene, queried: Queried, ground: () => string, names?: string[]): Scene {
  const kept = names ?? scene.objects.map((thing) => thing.name);
  for (;;) {
    const after = { objects: placeAll(random, kept), background: ground() };
    if (flips(scene, after, queried)) return after;
  }
}

type Mirror = (scene: Scene, queried: Queried, random: Random) => Scene;
const MIRRORS: Record<Relation, Mirror> = {
  'left of': mirrorX,
  'right of': mirrorX,
  above: mirrorY,
  below: mirrorY,
  near: moveSubject,
  'far from': moveSubject,
};

/** The smallest change of a scene that turns the answer: mirrored along the queried direction. */
export const mirrorScene: Mirror = (scene, queried, random) => MIRRORS[queried.relation](scene, queried, random);

/** Another scene with the same two things, in which the answer is the other one; all else is drawn anew. */
export function swapScene(scene: Scene, queried: Queried, random: Random): Scene {
  const pair = [queried.subject, queried.object];
  const others = random.shuffle(THING_NAMES.filter((name) => !pair.includes(name))).slice(0, scene.objects.length - 2);
  const names = random.shuffle([...pair, ...others]);
  return redraw(random, scene, queried, () => random.pick(GROUND_NAMES), names);
}
