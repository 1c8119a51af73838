import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { CardSettings } from '../../sae/card.stage.ts';
import type { StageName } from '../../sae/types.ts';
import { type Dictionaries, RECIPES } from './dictionaries.ts';
import { heldOutFrom, type Split, type StreamName, streamsOf } from './harvest.ts';
import { layerName, type Pair } from './pair.ts';
import { parts } from './parts.ts';

/** Streams that a dictionary is judged on beside its own: S on pictures shows where the two models' spaces meet. */
const ALSO: Partial<Record<StageName, readonly StreamName[]>> = { S: ['tuned/scenes'] };

/** Dictionaries whose loss with the reconstruction in place is measured, on their own stream. */
const SPLICED: readonly StageName[] = ['S', 'F'];

/** Quality cards of all dictionaries, on held-out samples. */
export function cardStages(
  config: RunConfig,
  pair: Pair,
  streams: ReadonlyMap<StreamName, Split>,
  dictionaries: Dictionaries,
): Stage[] {
  const { seed, confidence, diff, sae } = config;
  const entries = Object.entries(dictionaries) as [StageName, Readonly<Record<number, string>>][];
  return entries.flatMap(([stage, names]) => {
    const own = RECIPES[stage].stream;
    return [own, ...(ALSO[stage] ?? [])].flatMap((stream) => {
      const { model, dataset, image, answer } = streamsOf(config)[stream];
      const spliced = stream === own && SPLICED.includes(stage);
      return pair.layers.map((layer): Stage => {
        const settings: CardSettings = {
          stage,
          layer,
          stream,
          seed,
          rounds: diff.bootstrap,
          confidence,
          loss: spliced
            ? { dataset, seed, from: heldOutFrom(config, stream), samples: sae.lossSamples, image, answer }
            : null,
        };
        return {
          name: `card/${stage}/${stream}/${layerName(layer)}`,
          version: 1,
          settings: settings as Json,
          inputs: { sae: names[layer]!, ...parts('activations', streams.get(stream)!.heldOut) },
          files: { model: pair.folders[model]! },
          module: 'sae/card.stage.ts',
        };
      });
    });
  });
}
