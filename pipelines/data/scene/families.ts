import type { Random } from '../random.ts';
import type { Scene, Truth } from '../sample.ts';
import { askGeneric } from './generic.ts';
import { askGrounded, askNonspatial } from './nonspatial.ts';
import type { Question } from './question.ts';
import { askSpatial } from './spatial.ts';

/** A family of questions about a picture. */
export type Family = Exclude<Truth['family'], 'text'>;

/** How a question of each family is drawn; undefined where the scene has none. */
export const ASK: Record<Family, (random: Random, scene: Scene) => Question | undefined> = {
  spatial: askSpatial,
  nonspatial: askNonspatial,
  generic: askGeneric,
  grounded: askGrounded,
};
