import type { RunConfig } from '../../config/schema.ts';
import type { Stage } from '../../config/stage.ts';
import { dictionaryStages, RECIPES, stagesOf } from './dictionaries.ts';
import { diffStages, spatialStages } from './evidence.ts';
import { harvestSplit } from './harvest.ts';
import { readPair } from './pair.ts';

/** Stage whose output holds the release, in a folder named by its id. */
export const RELEASE_STAGE = 'release';

/** All stages of a run. Looks at the models' configs; computes nothing. Throws `ParallaxError` where the config does not fit them. */
export async function pipelineOf(config: RunConfig): Promise<Stage[]> {
  const pair = await readPair(config);
  const names = new Set(stagesOf(config, pair).map((stage) => RECIPES[stage].stream));
  // Held-out streams that evidence needs, whether a dictionary is trained on them or not.
  for (const name of ['base/prompts', 'tuned/text'] as const) names.add(name);
  const streams = new Map([...names].map((name) => [name, harvestSplit(config, pair, name)]));
  const harvests = [...streams.values()].flatMap(({ train, heldOut }) => [...train, ...heldOut]);
  const { stages, dictionaries } = dictionaryStages(config, pair, streams);
  return [
    ...harvests,
    ...stages,
    ...diffStages(config, pair, streams, dictionaries),
    ...spatialStages(config, pair, dictionaries),
  ];
}
