import type { RunConfig } from '../../config/schema.ts';
import type { Stage } from '../../config/stage.ts';
import { harvest, STREAMS, type StreamName } from './harvest.ts';
import { readPair } from './pair.ts';

/** Stage whose output holds the release, in a folder named by its id. */
export const RELEASE_STAGE = 'release';

/** All stages of a run. Looks at the models' configs; computes nothing. Throws `ParallaxError` where the config does not fit them. */
export async function pipelineOf(config: RunConfig): Promise<Stage[]> {
  const pair = await readPair(config);
  const streams = (Object.keys(STREAMS) as StreamName[]).filter(
    (name) => pair.folders[STREAMS[name].model] !== undefined,
  );
  return streams.flatMap((stream) => [
    ...harvest(config, pair, stream, 'train'),
    ...harvest(config, pair, stream, 'held-out'),
  ]);
}
