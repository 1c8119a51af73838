import { aligned } from './aligned.ts';
import { type ColumnData, decodeColumn } from './columns.ts';
import { ReleaseError } from './errors.ts';
import type { ReleaseFiles } from './files.ts';
import { featureId, PATHS, releaseId } from './ids.ts';
import { decodeMap } from './layout.ts';
import { decodeEncoder, type Int8Encoder } from './probe/encoder.ts';
import { parseJson, type RecordCheck, type Records } from './records.ts';
import type { Manifest } from './schema/manifest.ts';
import type { SearchField, SearchIndex } from './schema/search.ts';
import { sha256Bytes, toHex } from './sha256.ts';
import type { ByteRange } from './source.ts';

/** What a release holds once: its places, tables, columns, map, encoders and pictures. */
export class ReleaseTables {
  readonly id: string;
  readonly manifest: Manifest;
  protected readonly files: ReleaseFiles;
  protected readonly check: RecordCheck;
  readonly #place: ReadonlyMap<number, number>;

  protected constructor(id: string, manifest: Manifest, files: ReleaseFiles, check: RecordCheck) {
    this.id = id;
    this.manifest = manifest;
    this.files = files;
    this.check = check;
    this.#place = new Map(manifest.layers.map((layer, at) => [layer, at]));
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

  protected async table<K extends keyof Records>(kind: K, path: string): Promise<Records[K]> {
    const value = await this.files.derived(path, (bytes) => ({
      value: this.check(kind, path, parseJson(path, bytes)),
      bytes: 4 * bytes.byteLength,
    }));
    if (value === null)
      throw new ReleaseError('not-found', `${path}: this release has none`, 'check the release with `parallax verify`');
    return value;
  }

  heads = (): Promise<Records['heads']> => this.table('heads', PATHS.heads);
  quality = (): Promise<Records['quality']> => this.table('quality', PATHS.quality);
  /** Analyses of neighbouring works; null where the release was written without them. */
  related = async (): Promise<Records['related'] | null> =>
    this.files.has(PATHS.related) ? this.table('related', PATHS.related) : null;
  /** The axis of training steps; null where the pair has no checkpoints. */
  steps = async (): Promise<Records['steps'] | null> =>
    this.files.has(PATHS.steps) ? this.table('steps', PATHS.steps) : null;
  summary = (): Promise<Records['summary']> => this.table('summary', PATHS.summary);
  /** What columns there are: names, titles, units, ranges. */
  columnTable = (): Promise<Records['columns']> => this.table('columns', PATHS.columns);

  /** One column; null where the release has no column of that name. */
  async column(name: string): Promise<ColumnData | null> {
    const column = (await this.columnTable()).columns.find((c) => c.name === name);
    if (!column) return null;
    return this.files.derived(PATHS.column(name), (bytes) => ({
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

  /** Terms, postings and blocks of one field of the search index. */
  async searchField(field: SearchField): Promise<SearchIndex['fields'][SearchField]> {
    return (await this.table('search', PATHS.searchIndex)).fields[field];
  }

  /** Ordinals from the most telling feature to the least. */
  async order(): Promise<Uint32Array> {
    const order = await this.files.derived(PATHS.rank, (bytes) => {
      const { buffer, byteOffset, byteLength } = aligned(bytes);
      return {
        value: new Uint32Array(buffer as ArrayBuffer, byteOffset, Math.floor(byteLength / 4)),
        bytes: byteLength,
      };
    });
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
    return this.files.derived(PATHS.map, (bytes) => ({
      value: decodeMap(bytes, this.count),
      bytes: 2 * bytes.byteLength,
    }));
  }

  /** WebP bytes of a picture; null where the release has none of that hash. */
  image(sha256: string): Promise<Uint8Array | null> {
    return this.files.file(PATHS.image(sha256));
  }

  /** The int8 encoder of a layer's stage F; null where the release ships none. */
  encoder(layer: number): Promise<Int8Encoder | null> {
    return this.files.derived(PATHS.encoder(layer), (bytes) => ({
      value: decodeEncoder(bytes),
      // Once here, once in the kernel's memory.
      bytes: 2 * bytes.byteLength,
    }));
  }

  /** Any file of the manifest, checked: the Parquet, the dictionaries, the metadata. */
  file(path: string): Promise<Uint8Array | null> {
    return this.files.file(path);
  }

  /** Part of a file, unchecked but for its length; null where the manifest has no such file. */
  filePart(path: string, range: ByteRange): Promise<Uint8Array | null> {
    return this.files.part(path, range);
  }

  /** `manifest.json` byte for byte; its sha256 is proved to be the one that the id names. */
  async manifestBytes(): Promise<Uint8Array> {
    const bytes = await this.files.manifest();
    if (releaseId(this.manifest, toHex(sha256Bytes(bytes))) !== this.id)
      throw new ReleaseError('hash', 'manifest.json: is no longer the one of this release', 'fetch the release again');
    return bytes;
  }
}
