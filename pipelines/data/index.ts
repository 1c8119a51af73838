import { ParallaxError } from '../config/errors.ts';
import type { Sample } from './sample.ts';
import { loadSprites } from './scene/sprites.ts';
import { jsonLines, textFile } from './sets/files.ts';
import type { DatasetRule, Slice } from './sets/rule.ts';
import { SCENE_SETS, type SceneSetName, sceneSample } from './sets/scenes.ts';
import { demoText } from './sets/text.ts';
import { vsr } from './sets/vsr.ts';

export type { Random } from './random.ts';
export { random } from './random.ts';
export type * from './sample.ts';
export type { Slice } from './sets/rule.ts';

const sceneRule = (name: SceneSetName): DatasetRule => ({
  pictures: name !== 'scenes/word',
  needsPath: false,
  files: () => ({}),
  async open() {
    const sprites = await loadSprites();
    return (seed, index) => sceneSample(name, seed, index, sprites);
  },
});

const DATASETS: Readonly<Record<string, DatasetRule>> = {
  ...Object.fromEntries((Object.keys(SCENE_SETS) as SceneSetName[]).map((name) => [name, sceneRule(name)])),
  'demo-text': demoText,
  vsr,
  'text-file': textFile,
  jsonl: jsonLines,
};

/** Names of the data sets; those read from a file are written `name:path`. */
export const DATASET_NAMES: readonly string[] = Object.keys(DATASETS);

function ruleOf(name: string): { rule: DatasetRule; path: string } {
  const colon = name.indexOf(':');
  const [head, path] = colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
  const rule = Object.hasOwn(DATASETS, head) ? DATASETS[head] : undefined;
  if (!rule) throw new ParallaxError(`data set "${head}" is unknown`, `choose one of ${DATASET_NAMES.join(', ')}`);
  if (rule.needsPath !== (path !== ''))
    throw new ParallaxError(
      `data set "${name}" ${rule.needsPath ? 'needs a file' : 'takes no file'}`,
      `write ${rule.needsPath ? `${head}:path/to/file` : head}`,
    );
  return { rule, path };
}

/** What a run must know of a data set before it reads it. Throws `ParallaxError` on an unknown name. */
export function datasetInfo(name: string): { pictures: boolean; files: Readonly<Record<string, string>> } {
  const { rule, path } = ruleOf(name);
  return { pictures: rule.pictures, files: rule.files(path) };
}

/**
 * Samples `from` (included) to `to` (excluded) of a data set, in order. Sample i depends on the seed and i alone.
 * A finite set ends early. Throws `ParallaxError` where the name is unknown or a file is bad.
 *
 * @example for await (const sample of dataset('scenes/spatial', { seed: 0, from: 0, to: 300 })) ...
 */
export async function* dataset(name: string, { seed, from, to }: Slice): AsyncIterable<Sample> {
  const { rule, path } = ruleOf(name);
  const read = await rule.open(path);
  for (let i = from; i < to; i++) {
    const sample = await read(seed, i);
    if (!sample) return;
    yield sample;
  }
}

/** The same samples, all at once. */
export async function collect(name: string, slice: Slice): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset(name, slice)) samples.push(sample);
  return samples;
}
