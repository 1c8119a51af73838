import type { RunConfig } from '../../config/schema.ts';
import type { Stage } from '../../config/stage.ts';
import { cardStages } from './cards.ts';
import { dictionaryStages, RECIPES, stagesOf } from './dictionaries.ts';
import { diffStages, spatialStages } from './evidence.ts';
import { harvestFamilies, harvestSplit } from './harvest.ts';
import { headStages } from './heads.ts';
import { labelStages } from './labels.ts';
import { onlineStreams } from './online.ts';
import { readPair } from './pair.ts';
import { relatedStages } from './related.ts';
import { releaseStage } from './release.ts';
import { stepStages } from './steps.ts';

export { RELEASE_STAGE } from './release.ts';

/** All stages of a run. Looks at the models' configs, and measures some samples where a store might not fit; computes nothing else. Throws `ParallaxError` where the config does not fit them. */
export async function pipelineOf(config: RunConfig): Promise<Stage[]> {
  const pair = await readPair(config);
  const names = new Set(stagesOf(config, pair).map((stage) => RECIPES[stage].stream));
  // Held-out streams that evidence needs, whether a dictionary is trained on them or not.
  for (const name of ['base/prompts', 'tuned/text'] as const) names.add(name);
  const online = await onlineStreams(config, pair, names);
  const streams = new Map([...names].map((name) => [name, harvestSplit(config, pair, name, online.has(name))]));
  const harvests = [...streams.values()].flatMap(({ train, heldOut }) => [...train, ...heldOut]);
  const { stages, dictionaries } = dictionaryStages(config, pair, streams);
  const families = harvestFamilies(config, pair);
  const cards = cardStages(config, pair, streams, dictionaries);
  return [
    ...harvests,
    ...stages,
    ...cards,
    ...diffStages(config, pair, streams, dictionaries),
    ...[...families.values()].flat(),
    ...spatialStages(config, pair, families, dictionaries),
    ...headStages(config, pair, dictionaries),
    ...labelStages(config, pair, streams, dictionaries),
    ...stepStages(config, pair, dictionaries),
    ...relatedStages(config, pair, { streams, families, dictionaries }),
    releaseStage(config, pair, dictionaries, cards),
  ];
}
