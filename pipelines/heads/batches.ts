import { ParallaxError } from '#pipelines/config/errors.ts';
import { byLength } from '#pipelines/models/index.ts';
import type { Encoded } from '#pipelines/models/types.ts';

/** A clean sample and its corrupt twin: the same words, another picture. */
export interface Pair {
  readonly clean: Encoded;
  readonly corrupt: Encoded;
}

/** Clean and corrupt runs must have the same length, position by position. Throws `ParallaxError`. */
export function pairUp(clean: readonly Encoded[], corrupt: readonly Encoded[]): Pair[] {
  if (clean.length !== corrupt.length)
    throw new ParallaxError(
      `${clean.length} clean samples, ${corrupt.length} corrupt ones`,
      'give each sample one corrupt twin',
    );
  return clean.map((c, i) => {
    const twin = corrupt[i]!;
    if (twin.ids.length !== c.ids.length)
      throw new ParallaxError(
        `sample ${c.sample.id} has ${c.ids.length} tokens, its corrupt twin ${twin.ids.length}`,
        'use the same words in both',
      );
    return { clean: c, corrupt: twin };
  });
}

/** A batch of pairs, with the place of each in the whole. */
export interface PairBatch {
  readonly index: readonly number[];
  readonly clean: readonly Encoded[];
  readonly corrupt: readonly Encoded[];
}

export function pairBatches(pairs: readonly Pair[], size: number): PairBatch[] {
  return byLength(
    pairs.map((p) => p.clean),
    size,
  ).map((index) => ({ index, clean: index.map((j) => pairs[j]!.clean), corrupt: index.map((j) => pairs[j]!.corrupt) }));
}
