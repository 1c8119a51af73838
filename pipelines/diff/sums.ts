import { ParallaxError } from '#pipelines/config/errors.ts';
import type { SparseFeatures } from './features.ts';

/** Token classes that sums are kept for. `other` (text before the picture) counts in totals only. */
export const SUM_CLASS = { image: 0, text: 1, other: 2 } as const;
const CLASSES = 3;

/**
 * What a feature did in each sample, kept only where it fired: everything that the analyses need, in memory that
 * grows with samples and not with tokens.
 */
export interface SampleSums {
  /** Features of the dictionary. */
  readonly n: number;
  readonly samples: number;
  /** Kept tokens `[samples, 3]` by class. */
  readonly tokens: Float64Array;
  /** `[samples + 1]`: entries of a sample. */
  readonly offsets: Uint32Array;
  /** Feature of each entry. */
  readonly feature: Uint32Array;
  /** Sum of f over the sample's tokens, `[entries, 3]` by class. */
  readonly sum: Float64Array;
  /** Sum of f^2, `[entries, 3]` by class. */
  readonly square: Float64Array;
  /** Largest f over the sample's text tokens, `[entries]`. */
  readonly textMax: Float64Array;
  /** Number of the sample's text tokens with f above the threshold, `[entries]`. */
  readonly textCount: Float64Array;
}

/** Gathers `SampleSums` from a stream whose tokens come sample by sample. */
export class SampleAccumulator {
  readonly #n: number;
  readonly #samples: number;
  readonly #threshold: number;
  readonly #tokens: Float64Array;
  readonly #offsets: Uint32Array;
  readonly #feature: number[] = [];
  readonly #sum: number[] = [];
  readonly #square: number[] = [];
  readonly #textMax: number[] = [];
  readonly #textCount: number[] = [];
  /** Entry of a feature in the open sample, plus 1. */
  readonly #slot: Uint32Array;
  #open = 0;

  /** @param threshold above which a token's activation counts for `textCount` */
  constructor(n: number, samples: number, threshold = 0) {
    this.#n = n;
    this.#samples = samples;
    this.#threshold = threshold;
    this.#tokens = new Float64Array(samples * CLASSES);
    this.#offsets = new Uint32Array(samples + 1);
    this.#slot = new Uint32Array(n);
  }

  /**
   * Adds token rows.
   * @param sample sample of each row, never falling
   * @param classes `SUM_CLASS` of each row
   */
  add(features: SparseFeatures, sample: ArrayLike<number>, classes: ArrayLike<number>): void {
    const { offsets, index, value } = features;
    for (let t = 0; t < sample.length; t += 1) {
      const s = sample[t]!;
      if (s < this.#open || s >= this.#samples)
        throw new ParallaxError(
          `sample: row ${t} belongs to sample ${s} after sample ${this.#open} of ${this.#samples}`,
          'give the tokens sample by sample',
        );
      while (this.#open < s) this.#close();
      const c = classes[t]!;
      this.#tokens[s * CLASSES + c]! += 1;
      for (let k = offsets[t]!; k < offsets[t + 1]!; k += 1) this.#count(index[k]!, value[k]!, c);
    }
  }

  #count(feature: number, f: number, c: number): void {
    let entry = this.#slot[feature]! - 1;
    if (entry < 0) {
      entry = this.#feature.push(feature) - 1;
      this.#slot[feature] = entry + 1;
      this.#sum.push(0, 0, 0);
      this.#square.push(0, 0, 0);
      this.#textMax.push(0);
      this.#textCount.push(0);
    }
    this.#sum[entry * CLASSES + c]! += f;
    this.#square[entry * CLASSES + c]! += f * f;
    if (c !== SUM_CLASS.text) return;
    if (f > this.#textMax[entry]!) this.#textMax[entry] = f;
    if (f > this.#threshold) this.#textCount[entry]! += 1;
  }

  #close(): void {
    for (let k = this.#offsets[this.#open]!; k < this.#feature.length; k += 1) this.#slot[this.#feature[k]!] = 0;
    this.#open += 1;
    this.#offsets[this.#open] = this.#feature.length;
  }

  finish(): SampleSums {
    while (this.#open < this.#samples) this.#close();
    return {
      n: this.#n,
      samples: this.#samples,
      tokens: this.#tokens,
      offsets: this.#offsets,
      feature: Uint32Array.from(this.#feature),
      sum: Float64Array.from(this.#sum),
      square: Float64Array.from(this.#square),
      textMax: Float64Array.from(this.#textMax),
      textCount: Float64Array.from(this.#textCount),
    };
  }
}

/** Kept tokens of every sample, of one class or of all. */
export const tokensOf = ({ tokens, samples }: SampleSums, c?: number): Float64Array =>
  Float64Array.from({ length: samples }, (_, s) =>
    c === undefined
      ? tokens[s * CLASSES]! + tokens[s * CLASSES + 1]! + tokens[s * CLASSES + 2]!
      : tokens[s * CLASSES + c]!,
  );

/** An entry's value over classes: one class, or their sum. */
export const entryOf = (values: Float64Array, entry: number, c?: number): number =>
  c === undefined
    ? values[entry * CLASSES]! + values[entry * CLASSES + 1]! + values[entry * CLASSES + 2]!
    : values[entry * CLASSES + c]!;
