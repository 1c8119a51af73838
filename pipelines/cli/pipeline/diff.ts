import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { DiffJoinSettings, DiffSettings } from '../../diff/index.ts';
import type { StageName as DictionaryStage } from '../../sae/types.ts';
import { layerName, type Pair } from './pair.ts';

/** Names of the stages that the diff reads. */
export interface DiffInputs {
  /** Stage of a dictionary, by training stage and layer. */
  readonly dictionary: (stage: DictionaryStage, layer: number) => string;
  /** Harvests of samples that no dictionary was trained on, in order: tuned on multimodal data, tuned on base text, base on the prompts. */
  readonly vision: readonly string[];
  readonly text: readonly string[];
  readonly base: readonly string[];
}

export const DIFF_STAGES = {
  layer: (layer: number) => `diff/${layerName(layer)}`,
  join: 'diff/join',
} as const;

/** Parts of a stream as inputs: `vision/0`, `vision/1`, ... */
export const partsOf = (role: string, stages: readonly string[]): Record<string, string> =>
  Object.fromEntries(stages.map((name, i) => [`${role}/${i}`, name]));

/** Stage diff of every layer, and what joins the layers. */
export function diffStages(config: RunConfig, pair: Pair, from: DiffInputs): Stage[] {
  const { diff, seed, confidence } = config;
  const dictionaries: DictionaryStage[] = ['S', 'F', ...config.stages];
  const layers = pair.layers.map((layer): Stage => {
    const settings: DiffSettings = { layer, seed, bootstrap: diff.bootstrap, confidence };
    return {
      name: DIFF_STAGES.layer(layer),
      version: 1,
      settings: settings as Json,
      inputs: {
        ...Object.fromEntries(dictionaries.map((stage) => [`sae/${stage}`, from.dictionary(stage, layer)])),
        ...partsOf('vision', from.vision),
        ...partsOf('text', from.text),
        ...partsOf('base', from.base),
      },
      files: {},
      module: 'diff/diff.stage.ts',
    };
  });
  const { bootstrap: _, ...rules } = diff;
  const settings: DiffJoinSettings = { layers: [...pair.layers], confidence, ...rules };
  const join: Stage = {
    name: DIFF_STAGES.join,
    version: 1,
    settings: settings as Json,
    inputs: Object.fromEntries(pair.layers.map((layer) => [`layer/${layer}`, DIFF_STAGES.layer(layer)])),
    files: {},
    module: 'diff/join.stage.ts',
  };
  return [...layers, join];
}
