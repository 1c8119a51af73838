import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { HEAD_STAGES } from './heads.ts';
import { LABEL_STAGES } from './label.ts';
import { layerName, type Pair } from './pair.ts';

/** Stage whose output holds the release, in a folder named by its id. */
export const RELEASE_STAGE = 'release';

/** Puts everything together. */
export function releaseStage(config: RunConfig, pair: Pair, dictionaries: Dictionaries): Stage {
  const { data, spatial, heads } = config;
  const all = Array.from({ length: pair.depth }, (_, layer) => layer);
  const by = (role: string, layers: readonly number[], name: (layer: number) => string) =>
    Object.fromEntries(layers.map((layer) => [`${role}/${layer}`, name(layer)]));
  const saes = Object.entries(dictionaries).map(([stage, names]) =>
    by(`sae/${stage}`, pair.layers, (layer) => names[layer]!),
  );
  const samples =
    Math.round(data.textSamples * data.heldOut) +
    Math.round(data.multimodalSamples * data.heldOut) +
    spatial.samples +
    heads.samples +
    heads.ablate.samples;
  return {
    name: RELEASE_STAGE,
    version: 1,
    settings: { config: config as Json, layers: [...pair.layers], counts: { samples } },
    inputs: Object.assign(
      {
        diff: 'diff/join',
        spatial: 'spatial/join',
        similar: LABEL_STAGES.similar,
        rank: HEAD_STAGES.rank,
        joint: HEAD_STAGES.joint,
        behaviour: HEAD_STAGES.behaviour,
      },
      by('diff', pair.layers, (layer) => `diff/${layerName(layer)}`),
      by('activity', pair.layers, LABEL_STAGES.activity),
      by('tokens', pair.layers, LABEL_STAGES.tokens),
      by('examples', pair.layers, LABEL_STAGES.examples),
      by('causal', pair.layers, HEAD_STAGES.causal),
      by('ablate', all, HEAD_STAGES.ablate),
      by('attention', all, HEAD_STAGES.attention),
      ...saes,
    ),
    files: pair.folders,
    module: 'publish/assemble.stage.ts',
  };
}
