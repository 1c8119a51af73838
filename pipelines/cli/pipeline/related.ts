import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import { datasetInfo } from '../../data/index.ts';
import type { ProbeSettings } from '../../diff/related/probes.stage.ts';
import type { ShiftSettings } from '../../diff/related/shifts.stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { type Family, heldOutFrom, type Split, type StreamName } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** What the related analyses read. */
export interface RelatedInputs {
  readonly streams: ReadonlyMap<StreamName, Split>;
  readonly families: ReadonlyMap<Family, readonly Stage[]>;
  readonly dictionaries: Dictionaries;
}

type Rule = (config: RunConfig, pair: Pair, from: RelatedInputs) => Stage[];

const stage = (
  name: string,
  module: string,
  settings: Json,
  inputs: Stage['inputs'],
  files: Stage['files'] = {},
): Stage => ({
  name: `related/${name}`,
  version: 2,
  settings,
  inputs,
  files,
  module: `diff/related/${module}.stage.ts`,
});

/** The held-out scenes, as the slice of their data set. */
const scenes = (config: RunConfig) => ({
  dataset: config.data.multimodal,
  seed: config.seed,
  from: heldOutFrom(config, 'tuned/scenes'),
  to: config.data.multimodalSamples,
});
const heldOut = ({ streams }: RelatedInputs, role: string, name: StreamName) =>
  parts(role, streams.get(name)?.heldOut ?? []);
const certainty = ({ seed, confidence, diff }: RunConfig) => ({ seed, confidence, rounds: diff.bootstrap });

/** Analysis -> its stages. */
const RULES: Readonly<Record<RunConfig['related'][number], Rule>> = {
  probes: (config, { layers }, { families }) =>
    layers.map((layer) => {
      const source = { dataset: 'scenes/spatial', seed: config.seed, from: 0, to: config.spatial.samples };
      const settings: ProbeSettings = { layer, ...certainty(config), source };
      return stage(`probes/${layerName(layer)}`, 'probes', settings, parts('stream', families.get('spatial')!));
    }),
  shifts: (config, { layers }, from) =>
    layers.map((layer) => {
      const settings: ShiftSettings = { layer, ...certainty(config), source: scenes(config) };
      const inputs = { ...heldOut(from, 'tuned', 'tuned/scenes'), ...heldOut(from, 'base', 'base/prompts') };
      return stage(`shifts/${layerName(layer)}`, 'shifts', settings, inputs, datasetInfo(config.data.multimodal).files);
    }),
  monosemanticity: (config, { layers, folders }, from) => [
    stage(
      'images',
      'images',
      scenes(config),
      {},
      { model: folders.tuned, ...datasetInfo(config.data.multimodal).files },
    ),
    ...layers.map((layer) => {
      const sae = from.dictionaries['F']![layer]!;
      const inputs = { sae, images: 'related/images', ...heldOut(from, 'vision', 'tuned/scenes') };
      return stage(`monosemanticity/${layerName(layer)}`, 'monosemanticity', { layer, ...certainty(config) }, inputs);
    }),
  ],
};

/** The analyses beside the atlas that the config switches on. */
export const relatedStages = (config: RunConfig, pair: Pair, from: RelatedInputs): Stage[] =>
  [...new Set(config.related)].flatMap((name) => RULES[name](config, pair, from));
