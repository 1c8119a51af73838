import { parseFeatureId } from '#release/ids.ts';
import type { Example, Feature, FeatureExamples } from '#release/schema/index.ts';
import { notable } from './notable.ts';
import type { SiteRelease } from './releases.ts';

const FRAMES = 4;

/** A feature over one picture, under up to four questions. */
export interface Scene {
  readonly feature: Feature;
  readonly examples: FeatureExamples;
  readonly frames: readonly Example[];
}

/** The examples of a record that show one picture, each prompt once. */
function framesOn(record: FeatureExamples, image: string): Example[] {
  const seen = new Set<string>();
  return [...record.pairs.flatMap((pair) => [pair.spatial, pair.matched]), ...record.examples].filter((example) => {
    const sample = record.samples[example.sample];
    if (sample === undefined || sample.image !== image || seen.has(sample.prompt)) return false;
    seen.add(sample.prompt);
    return true;
  });
}

/** The scene that tells most among the most telling features: the picture with the most questions, and a feature that fires on some only. */
export async function bestScene(release: SiteRelease): Promise<Scene | null> {
  let best: Scene | null = null;
  for (const id of (await notable(release)).slice(0, 24)) {
    const { layer, index } = parseFeatureId(id) as { layer: number; index: number };
    const [feature, examples] = await Promise.all([
      release.reader.feature(layer, index),
      release.reader.examples(layer, index),
    ]);
    if (!feature || !examples) continue;
    for (const image of new Set(examples.samples.flatMap((s) => s.image ?? []))) {
      const frames = framesOn(examples, image).slice(0, FRAMES);
      const telling = frames.some((f) => f.max > 0) && frames.some((f) => f.max === 0);
      if (frames.length > (best?.frames.length ?? 1) && telling) best = { feature, examples, frames };
    }
    if (best?.frames.length === FRAMES) break;
  }
  return best;
}
