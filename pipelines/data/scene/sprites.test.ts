import { existsSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { loadSprites } from './sprites.ts';
import { SIDES, THING_NAMES } from './world.ts';

/** The drawings that the demo pair was trained on, where they lie beside the checkout. */
const TRAINED_ON = new URL('../../../../shared/models/recipe/sprites/', import.meta.url).pathname;

describe('the drawings', () => {
  it('are all there, with something in the middle and nothing in the corners', async () => {
    const sprites = await loadSprites();
    expect(sprites.size).toBe(THING_NAMES.length * Object.keys(SIDES).length);
    for (const { side, data } of sprites.values()) {
      expect(data.length).toBe(4 * side * side);
      const alphas = data.filter((_, i) => i % 4 === 3);
      expect(alphas.filter((alpha) => alpha > 0).length).toBeGreaterThan(0.2 * side * side);
      expect(alphas[0]).toBeLessThan(16);
    }
  });

  it.skipIf(!existsSync(TRAINED_ON))('are those that the demo pair was trained on', async () => {
    for (const [key, { side, data }] of await loadSprites()) {
      const trained = await sharp(`${TRAINED_ON}${key}.png`).ensureAlpha().raw().toBuffer();
      let difference = 0;
      for (let i = 0; i < data.length; i++) difference += Math.abs(data[i]! - trained[i]!);
      expect(difference / (4 * side * side)).toBeLessThan(0.5);
    }
  });
});
