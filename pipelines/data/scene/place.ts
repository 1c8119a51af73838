import type { Random } from '../random.ts';
import type { Scene, SceneObject } from '../sample.ts';
import { GROUND_NAMES, IMAGE_SIZE, SIDES, THING_NAMES } from './world.ts';

/** Pixels kept free between the inscribed circles of two drawings. */
const GAP = 2;
const TRIES = 200;
const SHARE_OF_PAIRS = 0.6;

const apart = (a: SceneObject, b: SceneObject): boolean =>
  (a.x - b.x) ** 2 + (a.y - b.y) ** 2 > ((a.px + b.px) / 2 + GAP) ** 2;

/** A free place for a thing among `others`, or undefined where 200 draws find none. */
export function placeThing(
  random: Random,
  name: string,
  others: readonly SceneObject[],
  fixedSize?: SceneObject['size'],
): SceneObject | undefined {
  for (let i = 0; i < TRIES; i++) {
    const size = fixedSize ?? (random.chance(0.5) ? 'big' : 'small');
    const px = SIDES[size];
    const edge = px / 2;
    const x = random.int(edge, IMAGE_SIZE - edge);
    const y = random.int(edge, IMAGE_SIZE - edge);
    const thing = { name, size, px, x, y };
    if (others.every((other) => apart(thing, other))) return thing;
  }
  return undefined;
}

/** Places all names one after the other; a crowded draw begins again. */
export function placeAll(random: Random, names: readonly string[]): SceneObject[] {
  for (;;) {
    const placed: SceneObject[] = [];
    for (const name of names) {
      const thing = placeThing(random, name, placed);
      if (thing) placed.push(thing);
    }
    if (placed.length === names.length) return placed;
  }
}

/** A scene of two or three different things (60 % two) on one ground; drawings do not overlap. */
export function drawScene(random: Random): Scene {
  const count = random.chance(SHARE_OF_PAIRS) ? 2 : 3;
  const names = random.shuffle(THING_NAMES).slice(0, count);
  const objects = placeAll(random, names);
  return { objects, background: random.pick(GROUND_NAMES) };
}
