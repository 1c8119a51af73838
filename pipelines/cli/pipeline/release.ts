import { publicData, publicName } from '../../config/paths.ts';
import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { layerName, type Pair } from './pair.ts';
import { relatedInputs } from './related.ts';
import { slicesOf } from './slices.ts';
import { stepName } from './steps.ts';

/** Stage whose output holds the release, in a folder named by its id. */
export const RELEASE_STAGE = 'release';

/** Role -> folder of the stages below which it has one stage a layer. */
const BY_LAYER = {
  diff: 'diff',
  activity: 'label/activity',
  tokens: 'label/tokens',
  examples: 'label/examples',
  causal: 'heads/causal',
} as const;
const BY_DEPTH = { attention: 'heads/attention' } as const;
const ONCE = {
  diff: 'diff/join',
  spatial: 'spatial/join',
  similar: 'label/similar',
  rank: 'heads/rank',
  ablate: 'heads/ablate',
  joint: 'heads/joint',
  behaviour: 'heads/behaviour',
} as const;

/** The config as a release states it: models and files by name, wherever they lie on this machine. */
function publicConfig({ pair, data, labels, ...config }: RunConfig): RunConfig {
  const { base, tuned, control, steps } = pair;
  return {
    pair: {
      base: publicName(base),
      tuned: publicName(tuned),
      control: control === null ? null : publicName(control),
      steps: steps === null ? null : publicName(steps),
    },
    data: { ...data, text: publicData(data.text), multimodal: publicData(data.multimodal) },
    ...config,
    labels: labels.languageModel === null ? labels : { ...labels, languageModel: publicWriter(labels.languageModel) },
  };
}

/** A server's address and the name of its key stay private; the model that wrote the labels is said. */
const publicWriter = ({ address, model }: NonNullable<RunConfig['labels']['languageModel']>) => ({
  address: address === 'local' ? address : 'private',
  model: publicName(model),
});

/** Puts everything together. */
export function releaseStage(
  config: RunConfig,
  pair: Pair,
  dictionaries: Dictionaries,
  cards: readonly Stage[],
): Stage {
  const { data } = config;
  const depth = Array.from({ length: pair.depth }, (_, layer) => layer);
  const by = (table: Readonly<Record<string, string>>, layers: readonly number[]) =>
    Object.entries(table).flatMap(([role, name]) => layers.map((l) => [`${role}/${l}`, `${name}/${layerName(l)}`]));
  const saes = Object.entries(dictionaries).flatMap(([stage, names]) =>
    pair.layers.map((layer) => [`sae/${stage}/${layer}`, names[layer]!]),
  );
  const heldOut = Math.round((data.textSamples + data.multimodalSamples) * data.heldOut);
  const samples = Object.values(slicesOf(config)).reduce((sum, slice) => sum + slice.samples, heldOut);
  return {
    name: RELEASE_STAGE,
    version: 6,
    settings: { config: publicConfig(config) as Json, layers: [...pair.layers], counts: { samples } },
    inputs: {
      ...ONCE,
      ...Object.fromEntries([
        ...by(BY_LAYER, pair.layers),
        ...by(BY_DEPTH, depth),
        ...(config.labels.languageModel === null ? [] : by({ written: 'label/written' }, pair.layers)),
        ...Object.entries(relatedInputs(config, pair)),
        ...saes,
        ...cards.map(({ name }, i) => [`card/${i}`, name]),
        ...pair.moments.map(({ step }, i) => [`step/${i}`, stepName(step)]),
      ]),
    },
    files: pair.folders,
    module: 'publish/assemble.stage.ts',
  };
}
