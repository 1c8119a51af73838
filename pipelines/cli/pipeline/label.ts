import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { ExamplesSettings } from '../../label/examples.stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { FAMILIES, type Family, type Split, type StreamName, streamsOf } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** Tokens promoted and suppressed, neighbours, and pairs shown of each feature. */
const TOKENS = 12;
const SIMILAR = 6;
const PAIRS = 2;

export const LABEL_STAGES = {
  similar: 'label/similar',
  activity: (layer: number) => `label/activity/${layerName(layer)}`,
  tokens: (layer: number) => `label/tokens/${layerName(layer)}`,
  examples: (layer: number) => `label/examples/${layerName(layer)}`,
} as const;

/** What features fire on, what they promote, and what they are like: all on held-out samples. */
export function labelStages(
  config: RunConfig,
  pair: Pair,
  streams: ReadonlyMap<StreamName, Split>,
  families: ReadonlyMap<Family, readonly Stage[]>,
  { F }: Dictionaries,
): Stage[] {
  const { seed, release } = config;
  const files = { model: pair.folders.tuned };
  const vision = streams.get('tuned/scenes')!.heldOut;
  const text = streams.get('tuned/text')!.heldOut;
  const firstOf = (stages: readonly Stage[]) => (stages[0]!.settings as { from: number }).from;
  const stream = (name: StreamName, stages: readonly Stage[], role: string) => ({
    name: role,
    dataset: streamsOf(config)[name].dataset,
    seed,
    from: firstOf(stages),
  });
  const family = (name: Family) => stream(`tuned/${name}`, families.get(name)!, name);
  const { examples: shown } = release;
  const perLayer = pair.layers.flatMap((layer): Stage[] => {
    const sae = F![layer]!;
    const examples: ExamplesSettings = {
      layer,
      seed,
      streams: [stream('tuned/scenes', vision, 'vision'), stream('tuned/text', text, 'text')],
      pairs: { spatial: family('spatial'), matched: family('matched') },
      shown: { top: 2 * shown, bin: Math.ceil(shown / 2), pairs: PAIRS },
    };
    const stage = (name: string, module: string, settings: Json, inputs: Record<string, string>): Stage => ({
      name,
      version: 1,
      settings,
      inputs: { sae, ...inputs },
      files,
      module: `label/${module}.stage.ts`,
    });
    const heldOut = { ...parts('vision', vision), ...parts('text', text) };
    return [
      { ...stage(LABEL_STAGES.activity(layer), 'activity', { layer }, heldOut), files: {} },
      stage(LABEL_STAGES.tokens(layer), 'tokens', { count: TOKENS }, {}),
      stage(LABEL_STAGES.examples(layer), 'examples', examples as Json, {
        ...heldOut,
        ...Object.assign({}, ...FAMILIES.map((name) => parts(name, families.get(name)!))),
      }),
    ];
  });
  const similar: Stage = {
    name: LABEL_STAGES.similar,
    version: 1,
    settings: { layers: [...pair.layers], count: SIMILAR },
    inputs: {
      ...parts('store', families.get('spatial')!),
      ...Object.fromEntries(pair.layers.map((layer) => [`L${layer}`, F![layer]!])),
    },
    files: {},
    module: 'label/similar.stage.ts',
  };
  return [...perLayer, similar];
}
