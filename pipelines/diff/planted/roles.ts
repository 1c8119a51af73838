/** Chance that a feature fires on a sample of each stream, and on its image tokens. */
export interface Rates {
  readonly spatial: number;
  /** Chance on a spatial sample whose picture has not the feature's relation, where the feature has one. */
  readonly spatialOther?: number;
  readonly matched: number;
  readonly generic: number;
  readonly word: number;
  readonly text: number;
  readonly image: number;
}

/** What is planted about a feature. */
export interface Role {
  readonly count: number;
  readonly rates: Rates;
  /** Cosine between S and F beyond adaptation noise, the same turn in both seeds. */
  readonly turn?: number;
  /** The same, but each seed turns its own way. */
  readonly seedTurn?: number;
  /** The text-only control turns as well. */
  readonly controlTurn?: number;
  readonly truth: readonly ('rotated' | 'vision' | 'spatial' | 'decoys')[];
  /** Fires with one of the two relations of the pictures. */
  readonly relation?: boolean;
}

const steady = (rate: number): Rates => ({
  spatial: rate,
  matched: rate,
  generic: rate,
  word: rate,
  text: rate,
  image: 0,
});
const spatial: Rates = {
  spatial: 0.85,
  spatialOther: 0.3,
  matched: 0.05,
  generic: 0.3,
  word: 0.04,
  text: 0.02,
  image: 0.1,
};

/** The planted kinds of features; what is left of a dictionary is `noise`. */
export const ROLES: Readonly<Record<string, Role>> = {
  /** Turned by seeing, and spatial. */
  spatialRotated: { count: 10, rates: spatial, turn: 0.35, truth: ['rotated', 'vision', 'spatial'], relation: true },
  /** Spatial already in text: keeps its direction. */
  spatialKept: { count: 6, rates: spatial, truth: ['vision', 'spatial'], relation: true },
  /** Turned by seeing, without anything spatial. */
  visual: {
    count: 14,
    rates: { ...steady(0.25), text: 0.02, word: 0.02, image: 0.25 },
    turn: 0.45,
    truth: ['rotated', 'vision'],
  },
  /** Fires on the spatial word, picture or not. */
  wordDecoy: {
    count: 8,
    rates: { ...steady(0.05), spatial: 0.6, word: 0.6, generic: 0.3 },
    truth: ['vision', 'decoys'],
  },
  /** Fires on the spatial question alone, never without its words. */
  questionDecoy: {
    count: 6,
    rates: { ...steady(0.05), spatial: 0.6, generic: 0.01, word: 0.1 },
    truth: ['vision', 'decoys'],
  },
  /** Turns in each seed its own way: adaptation noise. */
  seedNoise: { count: 10, rates: steady(0.12), seedTurn: 0.6, truth: [] },
  /** Fires in text only. */
  language: { count: 10, rates: { ...steady(0.04), text: 0.5, word: 0.04 }, truth: [] },
  noise: { count: 0, rates: steady(0.04), truth: [] },
};
