import type { Image, Scene } from '../sample.ts';
import { type Sprites, spriteKey } from '../scene/render.ts';
import { GROUND_NAMES, IMAGE_SIZE, THING_NAMES } from '../scene/world.ts';

/** Side of a patch in pixels, and patches along a side. */
export const PATCH = 16;
export const GRID = IMAGE_SIZE / PATCH;
export const PATCHES = GRID * GRID;

/** What every patch shows, row by row. */
export interface Labels {
  /** 0 ground, else 1 + index of the thing. */
  readonly thing: Uint8Array;
  /** 0 ground, 1 small, 2 big. */
  readonly size: Uint8Array;
  /** Index of the ground's colour, the same for all. */
  readonly ground: number;
  /** Centre of the thing, else of the patch, in -1..1: x then y. */
  readonly place: Float32Array;
}

/** A thing that covers less of a patch is not what the patch shows. */
const COVERED = 0.12;
const unit = (pixel: number) => pixel / (IMAGE_SIZE / 2) - 1;

/** Dense labels of a scene from the alpha of its drawings. */
export function labelsOf(scene: Scene, sprites: Sprites): Labels {
  const [thing, size] = [new Uint8Array(PATCHES), new Uint8Array(PATCHES)];
  const best = new Float32Array(PATCHES).fill(COVERED);
  const place = new Float32Array(2 * PATCHES);
  for (let patch = 0; patch < PATCHES; patch += 1) {
    place[2 * patch] = unit((patch % GRID) * PATCH + PATCH / 2);
    place[2 * patch + 1] = unit(Math.floor(patch / GRID) * PATCH + PATCH / 2);
  }
  for (const { name, px, x, y, size: word } of scene.objects) {
    const { data, side } = sprites.get(spriteKey(name, px))!;
    const cover = new Float32Array(PATCHES);
    for (let row = 0; row < side; row += 1)
      for (let column = 0; column < side; column += 1) {
        const patch = Math.floor((y - px / 2 + row) / PATCH) * GRID + Math.floor((x - px / 2 + column) / PATCH);
        cover[patch]! += data[4 * (row * side + column) + 3]! / 255 / (PATCH * PATCH);
      }
    cover.forEach((share, patch) => {
      if (share <= best[patch]!) return;
      best[patch] = share;
      thing[patch] = 1 + (THING_NAMES as readonly string[]).indexOf(name);
      size[patch] = word === 'big' ? 2 : 1;
      place[2 * patch] = unit(x);
      place[2 * patch + 1] = unit(y);
    });
  }
  return { thing, size, ground: (GROUND_NAMES as readonly string[]).indexOf(scene.background), place };
}

/** Writes a picture as the encoder reads it, -1..1 by channel, at row `row` of `[rows, 3, side, side]`. */
export function writePixels({ data, width, height }: Image, into: Float32Array, row: number): void {
  const area = width * height;
  for (let i = 0; i < area; i += 1)
    for (let c = 0; c < 3; c += 1) into[(row * 3 + c) * area + i] = data[3 * i + c]! / 127.5 - 1;
}
