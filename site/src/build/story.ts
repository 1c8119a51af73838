import { parseFeatureId } from '#release/ids.ts';
import type { Example, Feature, FeatureExamples } from '#release/schema/index.ts';
import { percent, probability } from '../render/number.ts';
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

/** What the first head carries, beside its control; null where nothing was traced or there is no control. */
export function strongestHead({ heads: { heads } }: SiteRelease): string | null {
  const first = heads.find((head) => head.rank === 1);
  if (!first?.random_effect || first.spatial_effect.n === 0) return null;
  const { id, spatial_effect: own, random_effect: control, q } = first;
  return `The first of them, ${id}, carries ${percent(own.value)} of the input of the spatial features and ${percent(control.value)} of that of random ones${q === undefined ? '' : ` (q ${probability(q)} over all heads)`}.`;
}
