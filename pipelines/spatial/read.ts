import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { readArrays } from '#pipelines/diff/arrays.ts';
import { oddsRatio, riskDifference, type Table } from '#pipelines/diff/statistics/index.ts';
import type { SpatialEvidence } from '#release/schema/feature.ts';
import { firingTable, rateEstimate, SpatialFile } from './evidence.ts';
import { EVIDENCE_FILE, SPATIAL_FILE } from './files.ts';

/** What spatial selection says of one feature. */
export interface FeatureSpatial {
  readonly layer: number;
  readonly feature: number;
  readonly spatial: boolean;
  readonly decoy: boolean;
  /** Held-out risk difference, and share of held-out spatial samples on which it fires. */
  readonly effect: number;
  readonly rate: number;
  /** Share of the splits in which it is spatial. */
  readonly stability: number;
  /** Null where it never fired on a sample of the selection. */
  readonly evidence: SpatialEvidence | null;
}

export interface SpatialResult {
  readonly file: SpatialFile;
  readonly layers: readonly number[];
  readonly features: number;
  feature(layer: number, index: number): FeatureSpatial;
  /** All features, layer by layer. */
  all(): Iterable<FeatureSpatial>;
}

/** Opens the folder of the joining stage. */
export async function openSpatial(folder: string): Promise<SpatialResult> {
  const file = SpatialFile.parse(JSON.parse(await readFile(join(folder, EVIDENCE_FILE), 'utf8')));
  const stored = await readArrays(join(folder, SPATIAL_FILE));
  const arrays = new Map<string, Float64Array>();
  const get = (name: string, at: number): number => {
    const array = arrays.get(name) ?? stored.get(name);
    arrays.set(name, array);
    return array[at]!;
  };
  const { samples, confidence, rules } = file;
  const table = (half: 'select' | 'heldout', at: number): Table => {
    const [a, c] = [get(`${half}.a`, at), get(`${half}.c`, at)];
    return { a, b: samples[half].spatial - a, c, d: samples[half].matched - c };
  };
  const paper = (at: number): SpatialEvidence['paper'] => {
    const [a, c] = [get('tokens.a', at), get('tokens.c', at)];
    const tokens = { a, b: samples.tokens.spatial - a, c, d: samples.tokens.matched - c };
    const [odds, difference] = [oddsRatio(tokens), riskDifference(tokens)];
    return {
      odds_ratio: odds,
      risk_difference: difference,
      kept: odds >= rules.oddsRatio && difference >= rules.riskDifference,
    };
  };
  const evidence = (layer: number, index: number, at: number): SpatialEvidence | null => {
    const [select, heldout] = [table('select', at), table('heldout', at)];
    if (select.a + select.c + heldout.a + heldout.c === 0) return null;
    const truth = file.truth[`L${layer}F${index}`];
    const { word } = samples.heldout;
    return {
      threshold: file.threshold,
      select: firingTable(select, get('select.q', at), confidence),
      heldout: firingTable(heldout, get('heldout.q', at), confidence),
      generic_rate: rateEstimate(get('heldout.generic', at), samples.heldout.generic, confidence),
      word_rate: word === null ? null : rateEstimate(get('heldout.word', at), word, confidence),
      relations: truth?.relations ?? [],
      minimal_pair: truth?.minimal_pair ?? null,
      paper: paper(at),
    };
  };
  const feature = (layer: number, index: number): FeatureSpatial => {
    const row = file.layers.indexOf(layer);
    if (row < 0 || index < 0 || index >= file.features)
      throw new ParallaxError(
        `L${layer}F${index} is not in the spatial analysis`,
        `choose layers ${file.layers.join(', ')} and features below ${file.features}`,
      );
    const at = row * file.features + index;
    const heldout = table('heldout', at);
    return {
      layer,
      feature: index,
      spatial: get('spatial', at) === 1,
      decoy: get('decoy', at) === 1,
      effect: riskDifference(heldout),
      rate: heldout.a / (heldout.a + heldout.b),
      stability: get('stability', at),
      get evidence() {
        return evidence(layer, index, at);
      },
    };
  };
  return {
    file,
    layers: file.layers,
    features: file.features,
    feature,
    *all() {
      for (const layer of file.layers) for (let i = 0; i < file.features; i += 1) yield feature(layer, i);
    },
  };
}
