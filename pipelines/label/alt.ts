import type { Scene } from '#pipelines/data/sample.ts';
import { joined, sized } from '#pipelines/data/scene/words.ts';
import { zoneOf } from '#pipelines/data/scene/zones.ts';

/** Alternative text of a generated picture: "A small cat at the top left and a big dog in the middle, on a red ground." */
export function altOf(scene: Scene): string {
  const things = joined(scene.objects.map((thing) => `${sized(thing)} ${zoneOf(thing)}`));
  return `${things.charAt(0).toUpperCase()}${things.slice(1)}, on a ${scene.background} ground.`;
}
