import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { ExamplesSettings } from '../../label/examples.stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { harvest, heldOutFrom, type Split, type StreamName, streamsOf } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** Tokens listed as promoted and as suppressed, near features listed, pairs of prompts shown. */
const TOKENS = 10;
const SIMILAR = 8;
const PAIRS = 2;

/** What every feature fires on: activity, examples, tokens that it writes, features like it. */
export function labelStages(
  config: RunConfig,
  pair: Pair,
  streams: ReadonlyMap<StreamName, Split>,
  { F }: Dictionaries,
): Stage[] {
  const { seed, spatial, release, labels } = config;
  const model = pair.folders.tuned;
  const heldOut = (role: string, name: StreamName) => parts(role, streams.get(name)!.heldOut);
  const family = (name: 'spatial' | 'matched') =>
    parts(name, harvest(config, pair, `tuned/${name}`, { from: 0, to: spatial.samples }));
  const stream = (name: string, of: StreamName, from: number) => ({
    name,
    dataset: streamsOf(config)[of].dataset,
    seed,
    from,
  });
  const stage = (name: string, settings: Json, inputs: Stage['inputs'], files: Stage['files']): Stage => {
    const [, kind] = name.split('/');
    return { name, version: 2, settings, inputs, files, module: `label/${kind}.stage.ts` };
  };
  const held = { ...heldOut('vision', 'tuned/scenes'), ...heldOut('text', 'tuned/text') };
  const written = ({ languageModel, shown, judged }: RunConfig['labels'], layer: number): Stage[] =>
    languageModel === null
      ? []
      : [
          stage(
            `label/written/${layerName(layer)}`,
            {
              layer,
              seed,
              features: null,
              stream: stream('vision', 'tuned/scenes', heldOutFrom(config, 'tuned/scenes')),
              languageModel: languageModel as Json,
              shown,
              judged,
            },
            {
              sae: F![layer]!,
              tokens: `label/tokens/${layerName(layer)}`,
              targets: 'heads/targets',
              ...heldOut('vision', 'tuned/scenes'),
            },
            { model },
          ),
        ];
  return [
    ...pair.layers.flatMap((layer) => {
      const sae = { sae: F![layer]! };
      const settings: ExamplesSettings = {
        layer,
        seed,
        streams: [
          stream('vision', 'tuned/scenes', heldOutFrom(config, 'tuned/scenes')),
          stream('text', 'tuned/text', heldOutFrom(config, 'tuned/text')),
        ],
        pairs: { spatial: stream('spatial', 'tuned/spatial', 0), matched: stream('matched', 'tuned/matched', 0) },
        shown: { top: release.examples, bin: release.examples, pairs: PAIRS },
      };
      return [
        stage(`label/activity/${layerName(layer)}`, { layer }, { ...sae, ...held }, {}),
        stage(
          `label/examples/${layerName(layer)}`,
          settings as Json,
          { ...sae, ...held, ...family('spatial'), ...family('matched') },
          { model },
        ),
        stage(`label/tokens/${layerName(layer)}`, { count: TOKENS }, sae, { model }),
        ...written(labels, layer),
      ];
    }),
    stage(
      'label/similar',
      { layers: [...pair.layers], count: SIMILAR },
      {
        ...heldOut('store', 'tuned/scenes'),
        ...Object.fromEntries(pair.layers.map((layer) => [`L${layer}`, F![layer]!])),
      },
      {},
    ),
  ];
}
