import type { ActivationStore } from '#pipelines/activations/types.ts';
import type { SampleRange } from './stream.ts';

/** Row `a[k]` of one store and row `b[k]` of another are the same token of the same sample. */
export interface TokenPairs {
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

/** First row of every sample, and the end. Rows of a store come sample by sample. */
function starts({ table, meta }: ActivationStore): Uint32Array {
  const start = new Uint32Array(meta.samples.length + 1);
  for (const s of table.sample) start[s + 1]! += 1;
  for (let s = 0; s < meta.samples.length; s += 1) start[s + 1]! += start[s]!;
  return start;
}

/**
 * Pairs the tokens of two models on the same samples: from the end of each sample backwards, as far as the token ids agree.
 * Where both read the picture's tokens that is the whole sample, where one reads the text alone it is the text after the picture.
 */
export function pairTokens(first: ActivationStore, second: ActivationStore, range: SampleRange | null): TokenPairs {
  const [from, to] = range ?? [0, first.meta.samples.length];
  const place = new Map(second.meta.samples.map((id, s) => [id, s]));
  const [startA, startB] = [starts(first), starts(second)];
  const a: number[] = [];
  const b: number[] = [];
  for (let s = from; s < to; s += 1) {
    const other = place.get(first.meta.samples[s]!);
    if (other === undefined) continue;
    let i = startA[s + 1]! - 1;
    let j = startB[other + 1]! - 1;
    const sample: [number, number][] = [];
    while (i >= startA[s]! && j >= startB[other]! && first.table.id[i] === second.table.id[j]) {
      sample.push([i, j]);
      i -= 1;
      j -= 1;
    }
    for (const [x, y] of sample.reverse()) {
      a.push(x);
      b.push(y);
    }
  }
  return { a: Uint32Array.from(a), b: Uint32Array.from(b) };
}
