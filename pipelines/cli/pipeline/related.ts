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
  version: 3,
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
  probes: (config, { layers }, { families }) => {
    const source = { dataset: 'scenes/spatial', seed: config.seed, from: 0, to: config.spatial.samples };
    const settings: ProbeSettings = { layers: [...layers], ...certainty(config), source };
    return [stage('probes', 'probes', settings as Json, parts('stream', families.get('spatial')!))];
  },
  shifts: (config, { layers }, from) => {
    const settings: ShiftSettings = { layers: [...layers], ...certainty(config), source: scenes(config) };
    const inputs = { ...heldOut(from, 'tuned', 'tuned/scenes'), ...heldOut(from, 'base', 'base/prompts') };
    return [stage('shifts', 'shifts', settings as Json, inputs, datasetInfo(config.data.multimodal).files)];
  },
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

/** Role -> stage of what they give to the release. */
export const relatedInputs = ({ related }: RunConfig, { layers }: Pair): Record<string, string> =>
  Object.fromEntries(
    related.flatMap((name) =>
      name === 'monosemanticity'
        ? layers.map((layer) => [`${name}/${layer}`, `related/${name}/${layerName(layer)}`])
        : [[name, `related/${name}`]],
    ),
  );
