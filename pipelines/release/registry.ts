import { parseReleaseId } from './ids.ts';
import type { ReleaseReader } from './reader.ts';

/** The releases that are served. */
export interface Registry {
  /** Ids, newest version first, then by name. */
  list(): Promise<readonly string[]>;
  /** Null where no release of that id is there (any more). */
  open(id: string): Promise<ReleaseReader | null>;
}

const numbers = (version: string): number[] => version.split('.').map(Number);

/** Newest version first; ids of one version by their digest, so that the order is the same everywhere. */
export function compareReleases(a: string, b: string): number {
  const [x, y] = [parseReleaseId(a), parseReleaseId(b)];
  if (!x || !y) return Number(!x) - Number(!y);
  const [v, w] = [numbers(x.version), numbers(y.version)];
  for (let i = 0; i < 3; i += 1) if (v[i] !== w[i]) return w[i]! - v[i]!;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Id of the newest release of a name; null where there is none. */
export const newestOf = (ids: readonly string[], name: string): string | null =>
  ids.filter((id) => parseReleaseId(id)?.name === name).sort(compareReleases)[0] ?? null;

/**
 * A registry over anything that lists and opens releases. Open readers are kept; one is dropped when its release leaves the list.
 * @param keep how many readers stay open
 */
export function createRegistry(
  list: () => Promise<readonly string[]>,
  open: (id: string) => Promise<ReleaseReader | null>,
  keep = 8,
): Registry {
  const readers = new Map<string, Promise<ReleaseReader | null>>();
  const ids = async () => [...(await list())].filter((id) => parseReleaseId(id)).sort(compareReleases);
  return {
    list: ids,
    async open(id) {
      if (!(await ids()).includes(id)) {
        readers.delete(id);
        return null;
      }
      const kept = readers.get(id);
      readers.delete(id);
      const reader = kept ?? open(id);
      readers.set(id, reader);
      for (const oldest of readers.keys()) {
        if (readers.size <= keep) break;
        readers.delete(oldest);
      }
      try {
        const found = await reader;
        if (!found) readers.delete(id);
        return found;
      } catch (error) {
        readers.delete(id);
        throw error;
      }
    },
  };
}
