import { ParallaxError } from '#pipelines/config/errors.ts';
import { type Chooses, type Firing, type FiringRows, firingOf, tokenFiringOf } from './firing.ts';
import { choose, confirm, passesLexical, type Rules, type SelectionRule } from './select.ts';
import { halves } from './split.ts';
import { type FeatureTable, firingTables } from './tables.ts';

/** The prompt families of one layer. */
export interface LayerFiring {
  readonly layer: number;
  readonly spatial: FiringRows;
  readonly matched: FiringRows;
  readonly generic: FiringRows;
  readonly word?: FiringRows | undefined;
}

export interface SpatialOptions {
  readonly rule: SelectionRule;
  readonly rules: Rules;
  readonly firesAbove: number;
  readonly seed: number;
}

/** What one split of the pictures finds; masks, q and tables run over the features of all layers, layer by layer. */
export interface SplitResult {
  /** 0 selects, 1 is held out, by picture. */
  readonly half: Uint8Array;
  readonly select: FeatureTable[];
  readonly heldout: FeatureTable[];
  readonly selectQ: Float64Array;
  /** Benjamini-Hochberg over the chosen features alone; 1 for the others. */
  readonly heldoutQ: Float64Array;
  /** Chosen, passed by the lexical filter and confirmed by the held-out half. */
  readonly spatial: Uint8Array;
  /** Chosen, but explained by words. */
  readonly decoy: Uint8Array;
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Number of pictures; every stream must have as many samples. */
function picturesOf(layers: readonly LayerFiring[]): number {
  const pictures = layers[0]!.spatial.samples;
  for (const layer of layers)
    for (const name of ['matched', 'generic', 'word'] as const)
      if (layer[name] && layer[name].samples !== pictures)
        throw new ParallaxError(
          `${name}: ${layer[name].samples} samples for ${pictures} pictures`,
          'harvest the same pictures for every prompt family',
        );
  return pictures;
}

/**
 * Controlled shift with the pictures split in two: one half chooses (exact tests, q over all features of all layers, lexical
 * filter), the other confirms.
 */
export function analyseSplit(layers: readonly LayerFiring[], options: SpatialOptions, split: number): SplitResult {
  const { rules, rule, firesAbove } = options;
  const half = halves(picturesOf(layers), options.seed, split);
  const chooses =
    (side: 0 | 1): Chooses =>
    (s) =>
      half[s] === side;
  const firing = (rows: FiringRows, side: 0 | 1): Firing => firingOf(rows, firesAbove, chooses(side));
  const tables = (side: 0 | 1) => layers.flatMap((l) => firingTables(firing(l.spatial, side), firing(l.matched, side)));
  const counted =
    rule === 'paper'
      ? layers.flatMap((l) => firingTables(tokenFiringOf(l.spatial, chooses(0)), tokenFiringOf(l.matched, chooses(0))))
      : undefined;
  const select = tables(0);
  const heldout = tables(1);
  const { chosen, q } = choose(select, rules, rule, counted);
  const passes = concat(
    layers.map((l) =>
      passesLexical(
        {
          spatial: firing(l.spatial, 0),
          generic: firing(l.generic, 0),
          ...(l.word ? { word: firing(l.word, 0) } : {}),
        },
        rules,
      ),
    ),
  );
  const candidates = chosen.map((c, i) => (c && passes[i] ? 1 : 0));
  const { confirmed, q: heldoutQ } = confirm(candidates, heldout, rules);
  return {
    half,
    select,
    heldout,
    selectQ: q,
    heldoutQ,
    spatial: confirmed,
    decoy: chosen.map((c, i) => (c && !passes[i] ? 1 : 0)),
  };
}

/** Share of splits in which each feature is spatial. */
export const stabilityOf = (splits: readonly SplitResult[]): Float64Array =>
  Float64Array.from(splits[0]!.spatial, (_, i) => splits.reduce((sum, s) => sum + s.spatial[i]!, 0) / splits.length);
