import { parseFeatureId } from '#release/ids.ts';
import { Missing, openRelease } from './load.ts';

/** The stored record of a feature, indented. Throws `Missing` where there is none. */
export async function rawRecord(release: string, id: string): Promise<string> {
  const place = parseFeatureId(id);
  const stored = place && (await (await openRelease(release)).stored('cards', place.layer, place.index));
  if (!stored) throw new Missing(`${release} has no feature ${id}.`);
  return JSON.stringify(JSON.parse(new TextDecoder().decode(stored.bytes)), null, 2);
}
