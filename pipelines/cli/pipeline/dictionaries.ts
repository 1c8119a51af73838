import { publicName } from '../../config/paths.ts';
import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { datasetInfo } from '../../data/index.ts';
import type { OnlineSettings } from '../../sae/online.stage.ts';
import type { TrainSettings } from '../../sae/settings.ts';
import type { StageName } from '../../sae/types.ts';
import { type Split, type StreamName, streamsOf, trainSlices } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** How a stage's dictionary is made. */
interface Recipe {
  readonly stream: StreamName;
  /** Stage that it is adapted from; from scratch where null. */
  readonly from: StageName | null;
  /** Added to the run's seed. */
  readonly seed: number;
  /** It learns from the tokens of `sae.mask`; the other streams hold text alone. */
  readonly masked: boolean;
}

/** The stages of method.md: model, data and start of each. */
export const RECIPES: Readonly<Record<StageName, Recipe>> = {
  S: { stream: 'base/text', from: null, seed: 0, masked: false },
  D: { stream: 'base/prompts', from: 'S', seed: 0, masked: false },
  M: { stream: 'tuned/text', from: 'S', seed: 0, masked: false },
  F: { stream: 'tuned/scenes', from: 'S', seed: 0, masked: true },
  F2: { stream: 'tuned/scenes', from: 'S', seed: 1, masked: true },
  C: { stream: 'control/prompts', from: 'S', seed: 0, masked: false },
};

/** Stage -> layer -> name of the stage that trained it. */
export type Dictionaries = Partial<Record<StageName, Readonly<Record<number, string>>>>;

/** Stages of a run, in the order of the recipes: S and F always, C only where the pair has a control. */
export const stagesOf = (config: RunConfig, pair: Pair): StageName[] =>
  (Object.keys(RECIPES) as StageName[]).filter(
    (stage) =>
      stage === 'S' ||
      stage === 'F' ||
      (config.stages.includes(stage) && (stage !== 'C' || pair.folders.control !== undefined)),
  );

/** How a stage's dictionary learns, whatever its layer. */
export function learningOf(config: RunConfig, stage: StageName) {
  const { mask, tokens, lr, dtype: _stored, storeLimit: _bound, lossSamples: _judged, ...shared } = config.sae;
  const { from, seed, masked } = RECIPES[stage];
  const kind = from === null ? 'start' : 'adapt';
  return {
    ...shared,
    seed: config.seed + seed,
    mask: masked ? mask : ('all' as const),
    tokens: tokens[kind],
    lr: lr[kind],
  };
}

/** Training of every dictionary of a run on the samples that are not held out. */
export function dictionaryStages(
  config: RunConfig,
  pair: Pair,
  streams: ReadonlyMap<StreamName, Split>,
): { stages: Stage[]; dictionaries: Dictionaries } {
  const dictionaries: Dictionaries = {};
  const stages: Stage[] = [];
  const nameOf = (stage: StageName, layer: number) => `sae/${stage}/${layerName(layer)}`;
  for (const stage of stagesOf(config, pair)) {
    const { stream, from } = RECIPES[stage];
    dictionaries[stage] = Object.fromEntries(pair.layers.map((layer) => [layer, nameOf(stage, layer)]));
    const common = {
      ...learningOf(config, stage),
      stage,
      origin: { modelName: publicName(config.pair[streamsOf(config)[stream].model]!) },
    };
    if (streams.get(stream)!.online) {
      stages.push(...onlineStages(common));
      continue;
    }
    for (const layer of pair.layers) {
      const settings: TrainSettings = { ...common, layer };
      stages.push({
        name: nameOf(stage, layer),
        version: 2,
        settings: settings as Json,
        inputs: {
          ...(from === null ? {} : { start: nameOf(from, layer) }),
          ...parts('activations', streams.get(stream)!.train),
        },
        files: {},
        module: 'sae/train.stage.ts',
      });
    }

    /** All layers in one pass over the model, then each layer's folder by its usual name. */
    function onlineStages(train: Omit<TrainSettings, 'layer' | 'samples'>): Stage[] {
      const { model, dataset, image, answer } = streamsOf(config)[stream];
      const settings: OnlineSettings = {
        ...{ train, layers: [...pair.layers], dataset, seed: config.seed, slices: trainSlices(config, stream) },
        ...{ dtype: config.sae.dtype, image, answer },
      };
      const all = `sae/${stage}/online`;
      return [
        {
          name: all,
          version: 1,
          settings: settings as Json,
          inputs: from === null ? {} : Object.fromEntries(pair.layers.map((l, i) => [`start/${i}`, nameOf(from, l)])),
          files: { model: pair.folders[model]!, ...datasetInfo(dataset).files },
          module: 'sae/online.stage.ts',
        },
        ...pair.layers.map((layer): Stage => {
          const picked = { layer } as Json;
          return {
            ...{ name: nameOf(stage, layer), version: 1, settings: picked, inputs: { all }, files: {} },
            module: 'sae/pick.stage.ts',
          };
        }),
      ];
    }
  }
  return { stages, dictionaries };
}
