import type { Random } from '../random.ts';
import type { Scene } from '../sample.ts';
import { drawScene } from '../scene/place.ts';
import { THING_NAMES } from '../scene/world.ts';

/** What a scene may show: `train` never a held-out pair of things, `pairs` always one. */
export type Part = 'train' | 'test' | 'pairs';

/** Two things that no training scene shows together: one pair in fifteen, each thing in exactly one of them. */
export function isHeldOut(a: string, b: string): boolean {
  const names: readonly string[] = THING_NAMES;
  const [i, j] = [names.indexOf(a), names.indexOf(b)];
  return (i + j) % names.length === 3;
}

const hasHeldOut = ({ objects }: Scene): boolean =>
  objects.some((a, i) => objects.slice(i + 1).some((b) => isHeldOut(a.name, b.name)));

/** A scene of a part. `test` scenes are of the same kind as `train` ones; their draws differ by seed. */
export function drawOf(part: Part, random: Random): Scene {
  for (;;) {
    const scene = drawScene(random);
    if (hasHeldOut(scene) === (part === 'pairs')) return scene;
  }
}
