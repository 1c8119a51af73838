import type { Random } from '../random.ts';
import type { Image, Scene } from '../sample.ts';
import { addNoise } from './noise.ts';
import { GROUNDS, type Ground, IMAGE_SIZE } from './world.ts';

/** A drawing with straight (not premultiplied) alpha: RGBA, row-major, `side x side`. */
export interface Sprite {
  readonly side: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Drawings by `spriteKey(name, side)`. */
export type Sprites = ReadonlyMap<string, Sprite>;
export const spriteKey = (name: string, side: number): string => `${name}-${side}`;

/** In units of full brightness: uniform half-width of the ground's brightness, gradient at the edges, sd of the noise. */
const JITTER = 0.04;
const GRADIENT = 0.03;
const NOISE = 0.01;

/**
 * Draws a scene: ground with jittered brightness and a vertical gradient (either way up), sprites, pixel noise.
 * Pure: the same draws of `random` give the same bytes, in Node and in a browser.
 *
 * @throws RangeError where `sprites` lacks a drawing
 */
export function renderScene(scene: Scene, sprites: Sprites, random: Random): Image {
  const side = IMAGE_SIZE;
  const ground = GROUNDS[scene.background as Ground];
  const canvas = new Float32Array(side * side * 3);
  const jitter = (2 * random.float() - 1) * JITTER;
  const sign = random.chance(0.5) ? 1 : -1;
  for (let y = 0; y < side; y++) {
    const light = jitter + sign * GRADIENT * ((2 * y) / (side - 1) - 1);
    for (let i = y * side * 3; i < (y + 1) * side * 3; i++) canvas[i] = ground[i % 3]! / 255 + light;
  }
  for (const thing of scene.objects) {
    const sprite = sprites.get(spriteKey(thing.name, thing.px));
    if (!sprite) throw new RangeError(`no drawing of ${thing.name} at ${thing.px} px`);
    drawSprite(canvas, side, sprite, thing.x - thing.px / 2, thing.y - thing.px / 2);
  }
  addNoise(canvas, NOISE, random);
  const data = new Uint8Array(canvas.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(Math.min(1, Math.max(0, canvas[i]!)) * 255);
  return { width: side, height: side, data };
}

/** Composites a sprite over `canvas` (RGB in 0..1), its corner at `left`, `top`. */
function drawSprite(canvas: Float32Array, side: number, sprite: Sprite, left: number, top: number): void {
  for (let y = 0; y < sprite.side; y++)
    for (let x = 0; x < sprite.side; x++) {
      const from = 4 * (y * sprite.side + x);
      const to = 3 * ((top + y) * side + left + x);
      const alpha = sprite.data[from + 3]! / 255;
      for (let c = 0; c < 3; c++)
        canvas[to + c] = canvas[to + c]! * (1 - alpha) + (sprite.data[from + c]! / 255) * alpha;
    }
}
