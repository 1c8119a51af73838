import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { StepsSettings } from '../../heads/steps.stage.ts';
import { type Dictionaries, learningOf } from './dictionaries.ts';
import { heldOutFrom, streamsOf } from './harvest.ts';
import type { Pair } from './pair.ts';
import { slicesOf } from './slices.ts';

/** `steps/000160` */
export const stepName = (step: number): string => `steps/${String(step).padStart(6, '0')}`;

/** The pair at every checkpoint of its training: one stage each, none where the pair has no checkpoints. */
export function stepStages(config: RunConfig, pair: Pair, { S, F }: Dictionaries): Stage[] {
  const { seed, spatial, diff, confidence, data } = config;
  const { dtype } = config.sae;
  const { dataset, image, answer } = streamsOf(config)['tuned/scenes'];
  const cut = heldOutFrom(config, 'tuned/scenes');
  // Scenes that did not choose the spatial features.
  const { ablate } = slicesOf(config);
  const unseen = { from: ablate.from, to: ablate.from + ablate.samples };
  const family = (name: 'spatial' | 'matched') => ({
    ...{ dataset: `scenes/${name}`, seed, ...unseen, dtype },
    ...{ image: 'own' as const, answer: false },
  });
  const scenes = { dataset, seed, dtype, image, answer };
  const layers = Object.fromEntries(
    pair.layers.flatMap((layer) => [
      [`S/${layer}`, S![layer]!],
      [`F/${layer}`, F![layer]!],
    ]),
  );
  return pair.moments.map(({ step, folder }): Stage => {
    const settings: StepsSettings = {
      step,
      layers: [...pair.layers],
      streams: {
        train: { ...scenes, from: 0, to: cut },
        heldOut: { ...scenes, from: cut, to: data.multimodalSamples },
        spatial: family('spatial'),
        matched: family('matched'),
      },
      train: learningOf(config, 'F'),
      asked: { seed, ...ablate },
      firesAbove: spatial.firesAbove,
      rounds: diff.bootstrap,
      confidence,
    };
    return {
      name: stepName(step),
      version: 1,
      settings: settings as Json,
      inputs: { ...layers, spatial: 'spatial/join' },
      files: { model: pair.folders.tuned, moment: folder },
      module: 'heads/steps.stage.ts',
    };
  });
}
