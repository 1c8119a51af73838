import { parseFeatureId } from '#release/ids.ts';
import type { ReleaseReader } from '#release/reader.ts';
import type { Feature } from '#release/schema/index.ts';
import type { Context } from './context.ts';
import { featureLabels } from './labels.ts';
import { bestMatches } from './matched.ts';
import { nearIds } from './neighbours.ts';

/** What a feature's page says of other features: labels of all that it names, and the records of its best matches. */
export async function near(
  reader: ReleaseReader,
  feature: Feature,
): Promise<Required<Pick<Context, 'labels' | 'matched'>>> {
  const places = bestMatches(feature).flatMap(({ id }) => parseFeatureId(id) ?? []);
  const [labels, records] = await Promise.all([featureLabels(reader, nearIds(feature)), reader.featuresBatch(places)]);
  return { labels, matched: new Map(records.flatMap((record) => (record ? [[record.id, record] as const] : []))) };
}
