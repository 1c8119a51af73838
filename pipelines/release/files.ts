import { ByteCache } from './cache.ts';
import { ReleaseError } from './errors.ts';
import { PATHS } from './ids.ts';
import type { Manifest } from './schema/manifest.ts';
import { sha256Hex } from './sha256.ts';
import { readShardHeader, readShardRecord, type ShardEntry, shardHeaderBytes } from './shard.ts';
import type { ByteRange, Source } from './source.ts';

/** Shards up to this size are read whole: one read instead of two, and the neighbours come along. */
const WHOLE = 512 * 1024;
export const DEFAULT_CACHE = 24 * 2 ** 20;

/** Where a shard is and what it must hold. */
export interface ShardPlace {
  readonly path: string;
  readonly first: number;
  readonly count: number;
}

/** The files of one release, checked against its manifest and kept for a while. */
export class ReleaseFiles {
  readonly #source: Source;
  readonly #manifest: Manifest;
  readonly #cache: ByteCache<unknown>;

  constructor(source: Source, manifest: Manifest, cacheBytes = DEFAULT_CACHE) {
    this.#source = source;
    this.#manifest = manifest;
    this.#cache = new ByteCache(cacheBytes);
  }

  #entry(path: string) {
    return Object.hasOwn(this.#manifest.files, path) ? this.#manifest.files[path] : undefined;
  }

  has(path: string): boolean {
    return this.#entry(path) !== undefined;
  }

  /** A whole file of the size and sha256 that the manifest gives. `null` = the manifest has no such file. */
  async file(path: string): Promise<Uint8Array | null> {
    const entry = this.#entry(path);
    if (!entry) return null;
    const bytes = await this.#read(path, 0, entry.bytes);
    if ((await sha256Hex(bytes)) !== entry.sha256)
      throw new ReleaseError(
        'hash',
        `${path}: does not have the sha256 that the manifest gives`,
        'fetch the release again',
      );
    return bytes;
  }

  /** Bytes of a file, inside the size that the manifest gives. */
  async part(path: string, { offset, length }: ByteRange): Promise<Uint8Array | null> {
    const entry = this.#entry(path);
    if (!entry) return null;
    if (offset + length > entry.bytes)
      throw new ReleaseError('argument', `range: ${path} has ${entry.bytes} bytes`, 'ask for a range inside the file');
    return this.#read(path, offset, length);
  }

  async manifest(): Promise<Uint8Array> {
    const bytes = await this.#source.read(PATHS.manifest);
    if (!bytes) throw new ReleaseError('not-found', 'manifest.json: is no longer there', 'fetch the release again');
    return bytes;
  }

  /** What `make` gives, remembered under a key for as long as there is room for its bytes. */
  async kept<T>(key: string, make: () => Promise<{ value: T; bytes: number }>): Promise<T> {
    const kept = this.#cache.get(key) as T | undefined;
    if (kept !== undefined) return kept;
    const { value, bytes } = await make();
    this.#cache.set(key, value, bytes);
    return value;
  }

  /** What `make` turns a file into, remembered; null where the manifest has no such file. */
  async derived<T>(path: string, make: (bytes: Uint8Array) => { value: T; bytes: number }): Promise<T | null> {
    return this.kept<T | null>(path, async () => {
      const file = await this.file(path);
      return file ? make(file) : { value: null, bytes: 0 };
    });
  }

  /** Entries of a shard and a way to its records. Record hashes are checked, the whole file's is not. */
  async shard(
    place: ShardPlace,
  ): Promise<{ entry(slot: number): ShardEntry | null; record(slot: number): Promise<Uint8Array | null> }> {
    const { path } = place;
    const size = this.#entry(path)?.bytes;
    if (size === undefined)
      throw new ReleaseError(
        'not-found',
        `${path}: the manifest has no such shard`,
        'check the release with `parallax verify`',
      );
    const whole = size <= WHOLE;
    const head = await this.#bytes(path, 0, whole ? size : Math.min(size, shardHeaderBytes(place.count)));
    const entry = readShardHeader(path, head, { ...place, bytes: size });
    const unpack = async (found: ShardEntry): Promise<Uint8Array> => {
      const packed = whole
        ? head.subarray(found.offset, found.offset + found.stored)
        : await this.#bytes(path, found.offset, found.stored);
      return readShardRecord(path, found, packed);
    };
    return {
      entry,
      record: async (slot) => {
        const found = entry(slot);
        if (!found) return null;
        return this.kept(`${path}#${slot}`, async () => ({ value: await unpack(found), bytes: found.raw }));
      },
    };
  }

  /** Bytes as the source gives them, remembered. */
  #bytes(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.kept(`${path}@${offset}`, async () => ({
      value: await this.#read(path, offset, length),
      bytes: length,
    }));
  }

  async #read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = length === 0 ? new Uint8Array() : await this.#source.read(path, { offset, length });
    if (!bytes)
      throw new ReleaseError(
        'not-found',
        `${path}: the manifest names it, but it is not there`,
        'fetch the release again',
      );
    if (bytes.byteLength !== length)
      throw new ReleaseError(
        'malformed',
        `${path}: ${bytes.byteLength} bytes where the manifest promises ${length}`,
        'fetch the release again',
      );
    return bytes;
  }
}
