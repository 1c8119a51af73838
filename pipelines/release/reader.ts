import { decodeCursor, encodeCursor } from './cursor.ts';
import { ReleaseError } from './errors.ts';
import { ReleaseFiles } from './files.ts';
import { featureId, PATHS, parseReleaseId, releaseId } from './ids.ts';
import { type OpenOptions, parseJson, type Records, type SearchHit, type StoredRecord, trust } from './records.ts';
import type { SearchField } from './schema/search.ts';
import { BLOCKS_PER_SHARD } from './search/postings.ts';
import { runQuery, type SearchQuery } from './search/query.ts';
import { sha256Bytes, toHex } from './sha256.ts';
import type { Source } from './source.ts';
import { ReleaseTables } from './tables.ts';

/** Pages that hold a label each are packed by this many. */
export const LABELS_PER_RECORD = 64;
const MAX_MANIFEST = 64 * 2 ** 20;

export type { OpenOptions, RecordCheck, Records, SearchHit, StoredRecord } from './records.ts';

/** Reads one release, from any source, in Node, a Worker or a browser. Every method throws `ReleaseError` on bytes that do not fit. */
export class ReleaseReader extends ReleaseTables {
  /** Reads and checks the manifest, nothing else. */
  static async open(source: Source, options: OpenOptions = {}): Promise<ReleaseReader> {
    const check = options.check ?? trust;
    const bytes = await source.read(PATHS.manifest);
    if (!bytes) throw new ReleaseError('not-found', 'manifest.json: there is none', 'point at the folder of a release');
    if (bytes.byteLength > MAX_MANIFEST)
      throw new ReleaseError('limit', 'manifest.json: too large', 'point at the folder of a release');
    const manifest = check('manifest', PATHS.manifest, parseJson(PATHS.manifest, bytes));
    const id = releaseId(manifest, toHex(sha256Bytes(bytes)));
    if (options.id !== undefined && options.id !== id)
      throw new ReleaseError('hash', `manifest.json: this is ${id}, not ${options.id}`, 'fetch the release again');
    if (!parseReleaseId(id))
      throw new ReleaseError('malformed', 'manifest.json: name or version is not one', 'write the release again');
    return new ReleaseReader(id, manifest, new ReleaseFiles(source, manifest, options.cacheBytes), check);
  }

  async #shard(kind: 'cards' | 'examples', ordinal: number) {
    const size = this.manifest.shard_size;
    const shard = Math.floor(ordinal / size);
    const first = shard * size;
    return {
      slot: ordinal - first,
      ...(await this.files.shard({ path: PATHS[kind](shard), first, count: Math.min(size, this.count - first) })),
    };
  }

  /** sha256 of a record, from the shard's header alone; null where there is no record. */
  async hash(kind: 'cards' | 'examples', layer: number, index: number): Promise<string | null> {
    const ordinal = this.ordinal(layer, index);
    if (ordinal === null) return null;
    const { entry, slot } = await this.#shard(kind, ordinal);
    return entry(slot)?.hash ?? null;
  }

  /** A record as stored. */
  async stored(kind: 'cards' | 'examples', layer: number, index: number): Promise<StoredRecord | null> {
    const ordinal = this.ordinal(layer, index);
    if (ordinal === null) return null;
    const { entry, slot, record } = await this.#shard(kind, ordinal);
    const bytes = await record(slot);
    return bytes && { bytes, hash: entry(slot)!.hash };
  }

  async #record<K extends 'feature' | 'examples'>(
    kind: K,
    shards: 'cards' | 'examples',
    layer: number,
    index: number,
  ): Promise<Records[K] | null> {
    const stored = await this.stored(shards, layer, index);
    if (!stored) return null;
    const file = `${shards} of ${featureId(layer, index)}`;
    const value = this.check(kind, file, parseJson(file, stored.bytes));
    if (value.id !== featureId(layer, index))
      throw new ReleaseError('malformed', `${file}: holds ${value.id}`, 'check the release with `parallax verify`');
    return value;
  }

  /** A feature's card; null where the release has none. */
  feature(layer: number, index: number): Promise<Records['feature'] | null> {
    return this.#record('feature', 'cards', layer, index);
  }

  /** Cards in the order asked for. */
  featuresBatch(ids: readonly { layer: number; index: number }[]): Promise<(Records['feature'] | null)[]> {
    return Promise.all(ids.map(({ layer, index }) => this.feature(layer, index)));
  }

  /** A feature's examples; null where it has none. */
  examples(layer: number, index: number): Promise<Records['examples'] | null> {
    return this.#record('examples', 'examples', layer, index);
  }

  /** Labels of ordinals below `count`. */
  labels(ordinals: readonly number[]): Promise<string[]> {
    return Promise.all(ordinals.map((ordinal) => this.#label(ordinal)));
  }

  async #label(ordinal: number): Promise<string> {
    const page = Math.floor(ordinal / LABELS_PER_RECORD);
    const labels = await this.files.kept(`labels#${page}`, () => this.#labelPage(page));
    const label: unknown = labels[ordinal % LABELS_PER_RECORD];
    if (typeof label === 'string') return label;
    throw new ReleaseError(
      'malformed',
      `labels: there is no label of feature ${ordinal}`,
      'check the release with `parallax verify`',
    );
  }

  async #labelPage(page: number): Promise<{ value: readonly unknown[]; bytes: number }> {
    const size = this.manifest.shard_size;
    const first = page - (page % size);
    const count = Math.min(size, Math.ceil(this.count / LABELS_PER_RECORD) - first);
    const path = PATHS.labels(first / size);
    const bytes = await (await this.files.shard({ path, first, count })).record(page - first);
    const labels = bytes && parseJson(path, bytes);
    return { value: Array.isArray(labels) ? labels : [], bytes: 3 * (bytes?.byteLength ?? 0) };
  }

  /** Features that match, the most telling first. `cursor` comes from the page before; a foreign one throws `cursor`. */
  async search(
    query: SearchQuery,
    limit: number,
    cursor?: string,
  ): Promise<{ total: number; hits: SearchHit[]; cursor: string | null }> {
    const index = await this.table('search', PATHS.searchIndex);
    const scope = JSON.stringify([this.id, query.words, query.token, query.relation, query.head]);
    const from = cursor === undefined ? [0] : decodeCursor(scope, cursor, 1);
    if (!from)
      throw new ReleaseError('cursor', 'cursor: not one of this search on this release', 'start again without cursor');
    const bits = await runQuery(index, query, (field, shard, slot, blocks) =>
      this.searchBlock(field, shard, slot, blocks),
    );
    const ranks = bits.from(from[0]!, limit + 1);
    const order = await this.order();
    const ordinals = ranks.slice(0, limit).map((rank) => order[rank]!);
    const labels = await this.labels(ordinals);
    return {
      total: bits.size,
      hits: ordinals.map((ordinal, i) => ({ id: this.locate(ordinal).id, ordinal, label: labels[i]! })),
      cursor: ranks.length > limit ? encodeCursor(scope, [ranks[limit]!]) : null,
    };
  }

  /** One block of posting lists, packed; `readBlock` reads it. */
  async searchBlock(field: SearchField, shard: number, slot: number, blocks: number): Promise<Uint8Array> {
    const path = PATHS.searchShard(field, shard);
    const block = await (await this.files.shard({ path, first: shard * BLOCKS_PER_SHARD, count: blocks })).record(slot);
    if (!block)
      throw new ReleaseError(
        'malformed',
        `${path}: block ${slot} is empty`,
        'check the release with `parallax verify`',
      );
    return block;
  }
}
