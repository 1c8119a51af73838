import { type ColumnData, decodeColumn } from './columns.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { ReleaseError } from './errors.ts';
import { ReleaseFiles } from './files.ts';
import { featureId, PATHS, parseReleaseId, releaseId } from './ids.ts';
import { decodeMap } from './layout.ts';
import { decodeEncoder, type Int8Encoder } from './probe/encoder.ts';
import type { ColumnsFile } from './schema/columns.ts';
import type { FeatureExamples } from './schema/examples.ts';
import type { Feature } from './schema/feature.ts';
import type { HeadsFile } from './schema/heads.ts';
import type { Manifest } from './schema/manifest.ts';
import type { QualityFile } from './schema/quality.ts';
import type { SearchIndex } from './schema/search.ts';
import type { Summary } from './schema/summary.ts';
import { runQuery, type SearchQuery } from './search/query.ts';
import { sha256Bytes, toHex } from './sha256.ts';
import type { Source } from './source.ts';

/** JSON records by name; a checker proves that a value is one. */
export interface Records {
  manifest: Manifest;
  feature: Feature;
  examples: FeatureExamples;
  heads: HeadsFile;
  quality: QualityFile;
  summary: Summary;
  columns: ColumnsFile;
  search: SearchIndex;
}
export type RecordCheck = <K extends keyof Records>(kind: K, file: string, value: unknown) => Records[K];

export interface OpenOptions {
  /** Id that the release must have: the manifest's hash is then proved, and with it every other file's. */
  readonly id?: string;
  /** Schema check of every record (`checkRecord` of check.ts). Left out where bytes count: a browser trusts the hashes. */
  readonly check?: RecordCheck;
  /** Bytes kept of what was read. */
  readonly cacheBytes?: number;
}

/** A record as stored: its exact JSON bytes and their sha256. */
export interface StoredRecord {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

export interface SearchHit {
  readonly id: string;
  readonly ordinal: number;
  readonly label: string;
}

/** Pages that hold a label each are packed by this many. */
export const LABELS_PER_RECORD = 64;
const MAX_MANIFEST = 64 * 2 ** 20;

const trust: RecordCheck = (_kind, _file, value) => value as never;

/** Reads one release, from any source, in Node, a Worker or a browser. Every method throws `ReleaseError` on bytes that do not fit. */
export class ReleaseReader {
  readonly id: string;
  readonly manifest: Manifest;
  readonly #files: ReleaseFiles;
  readonly #check: RecordCheck;
  readonly #place: ReadonlyMap<number, number>;

  private constructor(id: string, manifest: Manifest, files: ReleaseFiles, check: RecordCheck) {
    this.id = id;
    this.manifest = manifest;
    this.#files = files;
    this.#check = check;
    this.#place = new Map(manifest.layers.map((layer, at) => [layer, at]));
  }

  /** Reads and checks the manifest, nothing else. */
  static async open(source: Source, options: OpenOptions = {}): Promise<ReleaseReader> {
    const check = options.check ?? trust;
    const bytes = await source.read(PATHS.manifest);
    if (!bytes) throw new ReleaseError('not-found', 'manifest.json: there is none', 'point at the folder of a release');
    if (bytes.byteLength > MAX_MANIFEST)
      throw new ReleaseError('limit', 'manifest.json: too large', 'point at the folder of a release');
    const manifest = check('manifest', PATHS.manifest, parse(PATHS.manifest, bytes));
    const id = releaseId(manifest, toHex(sha256Bytes(bytes)));
    if (options.id !== undefined && options.id !== id)
      throw new ReleaseError('hash', `manifest.json: this is ${id}, not ${options.id}`, 'fetch the release again');
    if (!parseReleaseId(id))
      throw new ReleaseError('malformed', 'manifest.json: name or version is not one', 'write the release again');
    return new ReleaseReader(id, manifest, new ReleaseFiles(source, manifest, options.cacheBytes), check);
  }

  /** Number of features: layers x features a layer. */
  get count(): number {
    return this.manifest.layers.length * this.manifest.features_per_layer;
  }

  /** Place of a feature in every column; null where the release has no such feature. */
  ordinal(layer: number, index: number): number | null {
    const at = this.#place.get(layer);
    return at === undefined || index >= this.manifest.features_per_layer
      ? null
      : at * this.manifest.features_per_layer + index;
  }

  /** Layer and index of an ordinal below `count`. */
  locate(ordinal: number): { layer: number; index: number; id: string } {
    const per = this.manifest.features_per_layer;
    const [layer, index] = [this.manifest.layers[Math.floor(ordinal / per)]!, ordinal % per];
    return { layer, index, id: featureId(layer, index) };
  }

  async #shard(kind: 'cards' | 'examples', ordinal: number) {
    const size = this.manifest.shard_size;
    const shard = Math.floor(ordinal / size);
    const first = shard * size;
    return {
      slot: ordinal - first,
      ...(await this.#files.shard({ path: PATHS[kind](shard), first, count: Math.min(size, this.count - first) })),
    };
  }

  /** sha256 of a record, from the shard's header alone; null where there is no record. */
  async hash(kind: 'cards' | 'examples', layer: number, index: number): Promise<string | null> {
    const ordinal = this.ordinal(layer, index);
    if (ordinal === null) return null;
    const { entries, slot } = await this.#shard(kind, ordinal);
    return entries[slot]?.hash ?? null;
  }

  /** A record as stored. */
  async stored(kind: 'cards' | 'examples', layer: number, index: number): Promise<StoredRecord | null> {
    const ordinal = this.ordinal(layer, index);
    if (ordinal === null) return null;
    const { entries, slot, record } = await this.#shard(kind, ordinal);
    const bytes = await record(slot);
    return bytes && { bytes, hash: entries[slot]!.hash };
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
    const value = this.#check(kind, file, parse(file, stored.bytes));
    if (value.id !== featureId(layer, index))
      throw new ReleaseError('malformed', `${file}: holds ${value.id}`, 'check the release with `parallax verify`');
    return value;
  }

  /** A feature's card; null where the release has none. */
  feature(layer: number, index: number): Promise<Feature | null> {
    return this.#record('feature', 'cards', layer, index);
  }

  /** Cards in the order asked for. */
  featuresBatch(ids: readonly { layer: number; index: number }[]): Promise<(Feature | null)[]> {
    return Promise.all(ids.map(({ layer, index }) => this.feature(layer, index)));
  }

  /** A feature's examples; null where it has none. */
  examples(layer: number, index: number): Promise<FeatureExamples | null> {
    return this.#record('examples', 'examples', layer, index);
  }

  async #table<K extends keyof Records>(kind: K, path: string): Promise<Records[K]> {
    const value = await this.#files.derived(path, (bytes) => ({
      value: this.#check(kind, path, parse(path, bytes)),
      bytes: 4 * bytes.byteLength,
    }));
    if (value === null)
      throw new ReleaseError('not-found', `${path}: this release has none`, 'check the release with `parallax verify`');
    return value;
  }

  heads = (): Promise<HeadsFile> => this.#table('heads', PATHS.heads);
  quality = (): Promise<QualityFile> => this.#table('quality', PATHS.quality);
  summary = (): Promise<Summary> => this.#table('summary', PATHS.summary);
  /** What columns there are: names, titles, units, ranges. */
  columnTable = (): Promise<ColumnsFile> => this.#table('columns', PATHS.columns);

  /** One column; null where the release has no column of that name. */
  async column(name: string): Promise<ColumnData | null> {
    const column = (await this.columnTable()).columns.find((c) => c.name === name);
    if (!column) return null;
    return this.#files.derived(PATHS.column(name), (bytes) => ({
      value: decodeColumn(column, this.count, bytes),
      bytes: bytes.byteLength,
    }));
  }

  /** Columns by name, all of them when no names are given. */
  async columns(names?: readonly string[]): Promise<Map<string, ColumnData>> {
    const wanted = names ?? (await this.columnTable()).columns.map((c) => c.name);
    const out = new Map<string, ColumnData>();
    for (const name of wanted) {
      const data = await this.column(name);
      if (data) out.set(name, data);
    }
    return out;
  }

  /** Labels of ordinals below `count`. */
  labels(ordinals: readonly number[]): Promise<string[]> {
    return Promise.all(ordinals.map((ordinal) => this.#label(ordinal)));
  }

  async #label(ordinal: number): Promise<string> {
    const size = this.manifest.shard_size;
    const page = Math.floor(ordinal / LABELS_PER_RECORD);
    const first = page - (page % size);
    const count = Math.min(size, Math.ceil(this.count / LABELS_PER_RECORD) - first);
    const path = PATHS.labels(first / size);
    const bytes = await (await this.#files.shard({ path, first, count })).record(page - first);
    const labels = bytes && parse(path, bytes);
    const label = Array.isArray(labels) ? labels[ordinal % LABELS_PER_RECORD] : undefined;
    if (typeof label !== 'string')
      throw new ReleaseError(
        'malformed',
        `${path}: no label of feature ${ordinal}`,
        'check the release with `parallax verify`',
      );
    return label;
  }

  /** Features that match, the most telling first. `cursor` comes from the page before; a foreign one throws `argument`. */
  async search(
    query: SearchQuery,
    limit: number,
    cursor?: string,
  ): Promise<{ total: number; hits: SearchHit[]; cursor: string | null }> {
    const index = await this.#table('search', PATHS.searchIndex);
    const scope = JSON.stringify([this.id, query.words, query.token, query.relation, query.head]);
    const from = cursor === undefined ? [0] : decodeCursor(scope, cursor, 1);
    if (!from)
      throw new ReleaseError(
        'argument',
        'cursor: not one of this search on this release',
        'start again without cursor',
      );
    const bits = await runQuery(index, query, async (field, shard, slot, blocks) => {
      const place = { path: PATHS.searchShard(field, shard), first: shard * 64, count: blocks };
      return (await (await this.#files.shard(place)).record(slot)) ?? new Uint8Array([0]);
    });
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

  /** Ordinals from the most telling feature to the least. */
  async order(): Promise<Uint32Array> {
    const order = await this.#files.derived(PATHS.rank, (bytes) => ({
      value: new Uint32Array(bytes.slice().buffer),
      bytes: bytes.byteLength,
    }));
    if (order?.length !== this.count)
      throw new ReleaseError(
        'malformed',
        `${PATHS.rank}: not one entry a feature`,
        'check the release with `parallax verify`',
      );
    return order;
  }

  /** 2-D layout of the decoder rows, -1..1; null where the release has none. */
  map(): Promise<{ x: Float32Array; y: Float32Array } | null> {
    return this.#files.derived(PATHS.map, (bytes) => ({
      value: decodeMap(bytes, this.count),
      bytes: 2 * bytes.byteLength,
    }));
  }

  /** WebP bytes of a picture; null where the release has none of that hash. */
  image(sha256: string): Promise<Uint8Array | null> {
    return this.#files.file(PATHS.image(sha256));
  }

  /** The int8 encoder of a layer's stage F; null where the release ships none. */
  encoder(layer: number): Promise<Int8Encoder | null> {
    return this.#files.derived(PATHS.encoder(layer), (bytes) => ({
      value: decodeEncoder(bytes),
      bytes: bytes.byteLength,
    }));
  }

  /** Any file of the manifest, checked: the Parquet, the dictionaries, the metadata. */
  file(path: string): Promise<Uint8Array | null> {
    return this.#files.file(path);
  }
}

function parse(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ReleaseError('malformed', `${file}: not JSON`, 'check the release with `parallax verify`', { cause });
  }
}
