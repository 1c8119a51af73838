import { parseFeatureId } from '#release/ids.ts';
import type { ReleaseReader } from '#release/reader.ts';

/** Labels of features by id; ids that the release does not have are left out. */
export async function featureLabels(reader: ReleaseReader, ids: readonly string[]): Promise<Map<string, string>> {
  const places = [...new Set(ids)].flatMap((id) => {
    const parsed = parseFeatureId(id);
    const ordinal = parsed && reader.ordinal(parsed.layer, parsed.index);
    return ordinal === null ? [] : [{ id, ordinal }];
  });
  const labels = await reader.labels(places.map((place) => place.ordinal));
  return new Map(places.map((place, i) => [place.id, labels[i] as string]));
}
