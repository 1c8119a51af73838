import { random } from '#pipelines/data/random.ts';

/**
 * Splits pictures into a half that selects (0) and a half that is held out (1). Samples of one index share a picture in all
 * streams, so a picture never stands in both halves.
 */
export function halves(samples: number, seed: number, split: number): Uint8Array {
  const order = random(seed, 'spatial/split', split).shuffle(Array.from({ length: samples }, (_, i) => i));
  const half = new Uint8Array(samples);
  for (const i of order.slice(Math.floor(samples / 2))) half[i] = 1;
  return half;
}
