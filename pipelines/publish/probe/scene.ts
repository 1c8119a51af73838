import type { LiveIndex, LiveScene, LiveThing, SceneKit } from '#release/probe/live.ts';
import { random } from '../../data/random.ts';
import { renderScene, type Sprite } from '../../data/scene/render.ts';
import { GROUNDS, IMAGE_SIZE, SIDES, THING_NAMES } from '../../data/scene/world.ts';
import { askTwo, PHRASES } from './question.ts';

/** Drawings as views of the file's bytes. */
function spritesOf(bytes: Uint8Array, { sprites }: LiveIndex): Map<string, Sprite> {
  let at = 0;
  return new Map(
    sprites.drawings.map(({ key, side }) => {
      const data = bytes.subarray(at, at + 4 * side * side);
      at += data.length;
      return [key, { side, data }];
    }),
  );
}

/** The draws of ground and noise: always the same, so that only what a reader moves changes the picture. */
const draws = () => random(0, 'probe', 'picture');

const within = (at: number, px: number): number => Math.round(Math.min(IMAGE_SIZE - px / 2, Math.max(px / 2, at)));

function held(thing: LiveThing): LiveThing {
  const px = SIDES[thing.size];
  return { ...thing, px, x: within(thing.x, px), y: within(thing.y, px) };
}

/** Browser entry: the world of the scenes. */
export const kit: SceneKit = {
  side: IMAGE_SIZE,
  things: THING_NAMES,
  sides: SIDES,
  grounds: GROUNDS,
  phrases: Object.keys(PHRASES),
  draw: (scene: LiveScene, sprites, index) => renderScene(scene, spritesOf(sprites, index), draws()),
  question: askTwo,
  free: (prompt) => ({ prompt, answer: null, opposite: null }),
  held,
};
