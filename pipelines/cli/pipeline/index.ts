import type { RunConfig } from '../../config/schema.ts';
import type { Stage } from '../../config/stage.ts';
import { harvestSplit, type StreamName } from './harvest.ts';
import { readPair } from './pair.ts';

/** Stage whose output holds the release, in a folder named by its id. */
export const RELEASE_STAGE = 'release';

/** Streams that dictionaries are trained on or held against. */
const TRAINING: readonly StreamName[] = ['base/text', 'base/prompts', 'tuned/text', 'tuned/scenes'];

/** All stages of a run. Looks at the models' configs; computes nothing. Throws `ParallaxError` where the config does not fit them. */
export async function pipelineOf(config: RunConfig): Promise<Stage[]> {
  const pair = await readPair(config);
  const names: StreamName[] =
    config.stages.includes('C') && pair.folders.control ? [...TRAINING, 'control/prompts'] : [...TRAINING];
  const streams = new Map(names.map((name) => [name, harvestSplit(config, pair, name)]));
  return [...streams.values()].flatMap(({ train, heldOut }) => [...train, ...heldOut]);
}
