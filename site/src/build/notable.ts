import type { SiteRelease } from './releases.ts';

/** Pages that are made at build; every other feature is shown through the shell. */
export const MOST_PAGES = 400;
/** The same for heads, so that a model of a thousand heads does not make as many files. */
export const MOST_HEAD_PAGES = 256;

/** The heads that feed the spatial features most. */
export const notableHeads = ({ heads }: SiteRelease['heads'], most = MOST_HEAD_PAGES): SiteRelease['heads']['heads'] =>
  heads.toSorted((a, b) => a.rank - b.rank).slice(0, most);

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
