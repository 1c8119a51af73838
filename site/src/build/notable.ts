import type { SiteRelease } from './releases.ts';

/** Pages that are made at build; every other feature is shown through the shell. */
export const MOST_PAGES = 400;

/** Ids of the spatial and strictly adapted features, the most telling first. */
export async function notable(release: SiteRelease, most = MOST_PAGES): Promise<string[]> {
  const { reader } = release;
  const [order, columns] = await Promise.all([reader.order(), reader.columns(['spatial', 'adapted_strict'])]);
  const flagged = (ordinal: number): boolean =>
    ['spatial', 'adapted_strict'].some((name) => columns.get(name)?.data[ordinal] === 1);
  const ids: string[] = [];
  for (const ordinal of order) {
    if (ids.length === most) break;
    if (flagged(ordinal)) ids.push(reader.locate(ordinal).id);
  }
  return ids;
}
