import { checkRecord } from '#release/check.ts';
import { ReleaseError } from '#release/errors.ts';
import { ReleaseReader } from '#release/reader.ts';
import { createRegistry, type Registry } from '#release/registry.ts';
import type { Source } from '#release/source.ts';
import type { Bucket, Env } from './worker-env.ts';

/** The site's own list of the releases under `/data/`. */
const LIST = 'https://assets.invalid/data/releases.json';
/** Static files know one spelling of an address, with `@` as `%40`, and redirect from every other. */
export const canonicalUrl = (address: string): string => {
  const url = new URL(address);
  url.pathname = url.pathname.replaceAll('@', '%40');
  return url.href;
};
/** Readers kept open at a time, and what each may keep of what it read: together far below the 128 MB of an isolate. */
const READERS = 2;
export const CACHE_BYTES = 20 * 2 ** 20;

/**
 * A release among the static files, which hold at most 25 MiB each and know no ranges: a file comes whole, in one turn.
 * A part is copied out of it, so that who keeps the part does not keep the file.
 */
export const assetSource = (assets: Env['ASSETS'], id: string): Source => {
  const base = canonicalUrl(`https://assets.invalid/data/${id}/`);
  return {
    async read(path, range) {
      const found = await assets.fetch(new Request(base + path.split('/').map(encodeURIComponent).join('/')));
      if (found.ok) {
        const bytes = new Uint8Array(await found.arrayBuffer());
        const whole = !range || (range.offset === 0 && range.length === bytes.byteLength);
        return whole ? bytes : bytes.slice(range.offset, range.offset + range.length);
      }
      await found.body?.cancel();
      if (found.status === 404) return null;
      throw new ReleaseError('not-found', `${path}: the static files answered ${found.status}`, 'try again');
    },
  };
};

/** A release in a bucket. A request below a missing key gives null. */
export const bucketSource = (bucket: Bucket, id: string): Source => ({
  async read(path, range) {
    const found = await bucket.get(`${id}/${path}`, range && { range: { offset: range.offset, length: range.length } });
    return found && new Uint8Array(await found.arrayBuffer());
  },
});

async function listAssets(env: Env): Promise<string[]> {
  const response = await env.ASSETS.fetch(new Request(LIST));
  if (!response.ok) return [];
  const rows: unknown = await response.json().catch(() => []);
  return Array.isArray(rows)
    ? rows.flatMap((row: { id?: unknown }) => (typeof row?.id === 'string' ? [row.id] : []))
    : [];
}

async function listBucket(bucket: Bucket): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await bucket.list({ delimiter: '/', ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.delimitedPrefixes.map((prefix) => prefix.replace(/\/$/, '')));
    if (!page.truncated || page.cursor === undefined) return ids;
    cursor = page.cursor;
  }
}

/** Calls `make` again only when its last value is older than `ms`. */
const remembered = <T>(ms: number, make: () => Promise<T>): (() => Promise<T>) => {
  let kept: { at: number; value: Promise<T> } | undefined;
  return () => {
    const now = Date.now();
    if (!kept || now - kept.at > ms) kept = { at: now, value: make() };
    kept.value.catch(() => {
      kept = undefined;
    });
    return kept.value;
  };
};

/** Releases among the static files and, where there is one, in the bucket; the list is read again every minute. */
export function workerRegistry(env: Env): Registry {
  const inAssets = remembered(60_000, () => listAssets(env));
  const inBucket = remembered(60_000, async () => (env.RELEASES ? listBucket(env.RELEASES) : []));
  const open = async (source: Source, id: string): Promise<ReleaseReader | null> => {
    try {
      return await ReleaseReader.open(source, { id, check: checkRecord, cacheBytes: CACHE_BYTES });
    } catch (error) {
      if (error instanceof ReleaseError && error.code === 'not-found') return null;
      throw error;
    }
  };
  return createRegistry(
    async () => [...new Set([...(await inAssets()), ...(await inBucket())])],
    async (id) => {
      const found = (await inAssets()).includes(id) ? await open(assetSource(env.ASSETS, id), id) : null;
      // The site lists what it was built over, also where the files themselves were left to the bucket.
      if (found) return found;
      return env.RELEASES ? open(bucketSource(env.RELEASES, id), id) : null;
    },
    READERS,
  );
}
