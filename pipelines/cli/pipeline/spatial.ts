import type { HarvestSettings } from '../../activations/harvest.stage.ts';
import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { datasetInfo } from '../../data/index.ts';
import type { SpatialJoinSettings, SpatialSettings } from '../../spatial/index.ts';
import { layerName, type Pair } from './pair.ts';

/** Prompt families over the same pictures, by role. */
const STREAMS = {
  spatial: 'scenes/spatial',
  matched: 'scenes/matched',
  generic: 'scenes/generic',
  word: 'scenes/word',
  mirror: 'scenes/mirror',
} as const;
type Family = keyof typeof STREAMS;

/** Pictures of one harvest stage; fixed, so that the shards do not depend on the machine. */
const SHARD = 400;

export const SPATIAL_STAGES = {
  harvest: (family: Family, part: number) => `harvest/${family}/${part}`,
  layer: (layer: number) => `spatial/${layerName(layer)}`,
  join: 'spatial/join',
} as const;

function harvests(config: RunConfig, pair: Pair): { stages: Stage[]; inputs: Record<string, string> } {
  const { samples } = config.spatial;
  const stages: Stage[] = [];
  const inputs: Record<string, string> = {};
  for (const [family, dataset] of Object.entries(STREAMS) as [Family, string][])
    for (let from = 0, part = 0; from < samples; from += SHARD, part += 1) {
      const settings: HarvestSettings = {
        dataset,
        seed: config.seed,
        from,
        to: Math.min(samples, from + SHARD),
        layers: [...pair.layers],
      };
      const name = SPATIAL_STAGES.harvest(family, part);
      inputs[`${family}/${part}`] = name;
      stages.push({
        name,
        version: 1,
        settings: settings as Json,
        inputs: {},
        files: { model: pair.folders.tuned, ...datasetInfo(dataset).files },
        module: 'activations/harvest.stage.ts',
      });
    }
  return { stages, inputs };
}

/**
 * The prompt families, their firing in every layer, and the selection over all layers.
 * @param dictionary stage of the F dictionary of a layer
 */
export function spatialStages(config: RunConfig, pair: Pair, dictionary: (layer: number) => string): Stage[] {
  const { spatial, seed, confidence, diff } = config;
  const { samples, firesAbove, ...rest } = spatial;
  const { stages, inputs } = harvests(config, pair);
  const layers = pair.layers.map((layer): Stage => {
    const settings: SpatialSettings = { layer, firesAbove };
    return {
      name: SPATIAL_STAGES.layer(layer),
      version: 1,
      settings: settings as Json,
      inputs: { sae: dictionary(layer), ...inputs },
      files: {},
      module: 'spatial/spatial.stage.ts',
    };
  });
  const settings: SpatialJoinSettings = {
    layers: [...pair.layers],
    seed,
    confidence,
    rounds: diff.bootstrap,
    firesAbove,
    ...rest,
    truth: { spatial: STREAMS.spatial, mirror: STREAMS.mirror, seed, from: 0 },
  };
  const join: Stage = {
    name: SPATIAL_STAGES.join,
    version: 1,
    settings: settings as Json,
    inputs: Object.fromEntries(pair.layers.map((layer) => [`layer/${layer}`, SPATIAL_STAGES.layer(layer)])),
    files: {},
    module: 'spatial/join.stage.ts',
  };
  return [...stages, ...layers, join];
}
