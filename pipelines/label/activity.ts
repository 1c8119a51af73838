import type { SparseRows } from '#pipelines/sae/index.ts';

/** Bins of a feature's histogram, of equal width up to its largest activation. */
const BINS = 20;

/** Counts of one feature over tokens; two of them merge by addition and maximum. */
export class Activity {
  /** Tokens seen, by group. */
  readonly tokens: Record<string, number> = {};
  /** Tokens on which each feature fired, by group: `[n]`. */
  readonly fired: Record<string, Float64Array> = {};
  readonly max: Float32Array;
  readonly #n: number;

  constructor(n: number) {
    this.#n = n;
    this.max = new Float32Array(n);
  }

  /** @param groupOf the group of a row, by its place in `rows` */
  add(rows: SparseRows, groupOf: (row: number) => string): void {
    for (let t = 0; t + 1 < rows.offsets.length; t += 1) {
      const group = groupOf(t);
      this.tokens[group] = (this.tokens[group] ?? 0) + 1;
      this.fired[group] ??= new Float64Array(this.#n);
      const fired = this.fired[group];
      for (let e = rows.offsets[t]!; e < rows.offsets[t + 1]!; e += 1) {
        const i = rows.index[e]!;
        fired[i]! += 1;
        this.max[i] = Math.max(this.max[i]!, rows.value[e]!);
      }
    }
  }

  /** Share of a group's tokens on which a feature fired; 0 where the group has none. */
  frequency(group: string, feature: number): number {
    const tokens = this.tokens[group] ?? 0;
    return tokens === 0 ? 0 : this.fired[group]![feature]! / tokens;
  }
}

/** Histograms of the activations above 0 of every feature, bins as wide as its maximum asks. */
export class Histograms {
  readonly #max: Float32Array;
  readonly #counts: Uint32Array;

  constructor(max: Float32Array) {
    this.#max = max;
    this.#counts = new Uint32Array(max.length * BINS);
  }

  add({ index, value }: SparseRows): void {
    for (let e = 0; e < index.length; e += 1) {
      const i = index[e]!;
      const bin = Math.min(BINS - 1, Math.floor((value[e]! / this.#max[i]!) * BINS));
      this.#counts[i * BINS + bin]! += 1;
    }
  }

  /** A feature that never fired has one empty bin from 0 to 1. */
  of(feature: number): { edges: number[]; counts: number[] } {
    const max = this.#max[feature]!;
    if (max === 0) return { edges: [0, 1], counts: [0] };
    return {
      edges: Array.from({ length: BINS + 1 }, (_, b) => Number(((max * b) / BINS).toPrecision(5))),
      counts: Array.from(this.#counts.subarray(feature * BINS, (feature + 1) * BINS)),
    };
  }
}
