import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { DiffSettings } from '../../diff/diff.stage.ts';
import type { DiffJoinSettings } from '../../diff/join.stage.ts';
import type { SpatialJoinSettings } from '../../spatial/join.stage.ts';
import type { SpatialSettings } from '../../spatial/spatial.stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { Family, Split, StreamName } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** `layer/3` -> the stage of layer 3. */
const byLayer = (layers: readonly number[], name: string): Record<string, string> =>
  Object.fromEntries(layers.map((layer) => [`layer/${layer}`, `${name}/${layerName(layer)}`]));

/** Stage diff of every layer on held-out tokens, and what needs all layers. */
export function diffStages(
  config: RunConfig,
  pair: Pair,
  streams: ReadonlyMap<StreamName, Split>,
  dictionaries: Dictionaries,
): Stage[] {
  const { seed, confidence, diff } = config;
  const heldOut = (role: string, stream: StreamName) => parts(role, streams.get(stream)?.heldOut ?? []);
  const stages = pair.layers.map((layer): Stage => {
    const settings: DiffSettings = { layer, seed, bootstrap: diff.bootstrap, confidence };
    const saes = Object.entries(dictionaries).map(([stage, names]) => [`sae/${stage}`, names[layer]!]);
    return {
      name: `diff/${layerName(layer)}`,
      version: 2,
      settings: settings as Json,
      inputs: {
        ...Object.fromEntries(saes),
        ...heldOut('vision', 'tuned/scenes'),
        ...heldOut('text', 'tuned/text'),
        ...heldOut('base', 'base/prompts'),
      },
      files: {},
      module: 'diff/diff.stage.ts',
    };
  });
  const { eps, percentile, suspectBelow, rotationQ, grid } = diff;
  const settings: DiffJoinSettings = {
    layers: [...pair.layers],
    confidence,
    eps,
    percentile,
    suspectBelow,
    rotationQ,
    grid,
  };
  const join: Stage = {
    name: 'diff/join',
    version: 3,
    settings: settings as Json,
    inputs: byLayer(pair.layers, 'diff'),
    files: {},
    module: 'diff/join.stage.ts',
  };
  return [...stages, join];
}

/** Firing under each prompt family by layer, and the selection with its held-out evidence. */
export function spatialStages(
  config: RunConfig,
  pair: Pair,
  families: ReadonlyMap<Family, readonly Stage[]>,
  { F }: Dictionaries,
): Stage[] {
  const { samples: _, splits, ...rules } = config.spatial;
  const stages = pair.layers.map((layer): Stage => {
    const settings: SpatialSettings = { layer, firesAbove: rules.firesAbove };
    return {
      name: `spatial/${layerName(layer)}`,
      version: 1,
      settings: settings as Json,
      inputs: Object.assign({ sae: F![layer]! }, ...[...families].map(([family, harvests]) => parts(family, harvests))),
      files: {},
      module: 'spatial/spatial.stage.ts',
    };
  });
  const settings: SpatialJoinSettings = {
    layers: [...pair.layers],
    seed: config.seed,
    confidence: config.confidence,
    rounds: config.diff.bootstrap,
    ...rules,
    splits,
    truth: { seed: config.seed, from: 0 },
  };
  const join: Stage = {
    name: 'spatial/join',
    version: 2,
    settings: settings as Json,
    inputs: byLayer(pair.layers, 'spatial'),
    files: {},
    module: 'spatial/join.stage.ts',
  };
  return [...stages, join];
}
