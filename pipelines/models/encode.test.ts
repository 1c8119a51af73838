import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Anatomy } from '#graph/types.ts';
import { afterImage, checkImageTokens, classesOf, padBatch, placeFeatures } from './encode.ts';
import { type Encoded, TOKEN_CLASS } from './types.ts';

const BOS = 1;
const IMAGE = 3;
const anatomy = (kind: 'ids' | 'embeddings') =>
  ({ dModel: 2, tokens: { input: kind === 'ids' ? 'input_ids' : 'inputs_embeds', kind } }) as Anatomy;
const encoded = (ids: number[], embeds?: number[]): Encoded => ({
  sample: { id: 'a', prompt: '' },
  ids: Int32Array.from(ids),
  classes: classesOf(ids, BOS, IMAGE),
  afterImage: 0,
  ...(embeds ? { embeds: Float32Array.from(embeds) } : {}),
});

describe('image tokens', () => {
  it('are as many as the patches', () => {
    checkImageTokens([BOS, IMAGE, IMAGE, 7], IMAGE, 2);
    expect(() => checkImageTokens([BOS, 7], IMAGE, 3)).toThrow(/0 image tokens.*3 patches/);
  });

  it('are classed, with BOS dropped only in front', () => {
    const classes = classesOf([BOS, IMAGE, IMAGE, 7, BOS], BOS, IMAGE);
    const { image, text, dropped } = TOKEN_CLASS;
    expect([...classes]).toEqual([dropped, image, image, text, text]);
    expect(afterImage(classes)).toBe(3);
    expect(afterImage(classesOf([BOS, 7], BOS, IMAGE))).toBe(0);
  });

  it('are filled by features in order, or by one mean row', () => {
    const classes = classesOf([BOS, IMAGE, 7, IMAGE], BOS, IMAGE);
    const embeds = new Float32Array(8);
    placeFeatures(embeds, classes, Float32Array.of(1, 2, 3, 4), 2);
    expect([...embeds]).toEqual([0, 0, 1, 2, 0, 0, 3, 4]);
    placeFeatures(embeds, classes, Float32Array.of(5, 6), 2);
    expect([...embeds]).toEqual([0, 0, 5, 6, 0, 0, 5, 6]);
  });
});

describe('batches', () => {
  it('are padded on the right, masked where padded', () => {
    const ids = padBatch([encoded([1, 5]), encoded([1, 5, 6])], anatomy('ids'), 2);
    expect(ids['input_ids']).toMatchObject({ dims: [2, 3], data: BigInt64Array.of(1n, 5n, 2n, 1n, 5n, 6n) });
    expect(ids['attention_mask']!.data).toEqual(BigInt64Array.of(1n, 1n, 0n, 1n, 1n, 1n));
    const embeds = padBatch([encoded([1], [1, 2]), encoded([1, 5], [3, 4, 5, 6])], anatomy('embeddings'), 2);
    expect(embeds['inputs_embeds']).toMatchObject({ dims: [2, 2, 2], data: Float32Array.of(1, 2, 0, 0, 3, 4, 5, 6) });
  });

  it('keep every token, whatever the lengths', () => {
    const sample = fc.array(fc.integer({ min: 4, max: 99 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 5 }), (batch) => {
        const { input_ids, attention_mask } = padBatch(
          batch.map((ids) => encoded(ids)),
          anatomy('ids'),
          2,
        );
        const kept = [...(input_ids!.data as BigInt64Array)].filter((_, i) => attention_mask!.data[i] === 1n);
        expect(kept.map(Number)).toEqual(batch.flat());
      }),
    );
  });
});
