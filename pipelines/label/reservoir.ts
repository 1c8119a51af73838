/** A sample on which a feature fires, and its largest activation there. */
export interface Hit {
  /** Index over all streams, in the order given. */
  readonly sample: number;
  readonly max: number;
  /** A number drawn from feature and sample alone: the hits of smallest key are a random choice. */
  readonly key: number;
}

/** The strongest hits and a random choice of all hits of one feature. Mergeable in any order with the same result. */
export interface Reservoir {
  /** Samples on which the feature fired. */
  readonly fired: number;
  /** Largest first, ties by sample. */
  readonly top: readonly Hit[];
  /** Smallest key first, ties by sample. */
  readonly drawn: readonly Hit[];
}

export interface ReservoirSizes {
  readonly top: number;
  readonly drawn: number;
}

export const emptyReservoir: Reservoir = { fired: 0, top: [], drawn: [] };

const byMax = (a: Hit, b: Hit) => b.max - a.max || a.sample - b.sample;
const byKey = (a: Hit, b: Hit) => a.key - b.key || a.sample - b.sample;

/** The hits of both, each sample being in one of them only. */
export function mergeReservoirs(a: Reservoir, b: Reservoir, sizes: ReservoirSizes): Reservoir {
  return {
    fired: a.fired + b.fired,
    top: [...a.top, ...b.top].sort(byMax).slice(0, sizes.top),
    drawn: [...a.drawn, ...b.drawn].sort(byKey).slice(0, sizes.drawn),
  };
}

/** The reservoir of a list of hits. */
export const reservoirOf = (hits: readonly Hit[], sizes: ReservoirSizes): Reservoir =>
  mergeReservoirs({ fired: hits.length, top: hits, drawn: hits }, emptyReservoir, sizes);

/** A 32-bit key of a feature and a sample (MurmurHash3's finaliser over both). */
export function hitKey(seed: number, feature: number, sample: number): number {
  let x =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(feature + 1, 0xc2b2ae35) ^ Math.imul(sample + 1, 0x27d4eb2f);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
