/** Bytes `offset .. offset + length` of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Where a release's files come from. `path` is relative to the release. `null` = there is no such file.
 * With a range, exactly those bytes come back, or fewer where the file ends; a source that cannot seek reads and cuts.
 */
export interface Source {
  read(path: string, range?: ByteRange): Promise<Uint8Array | null>;
}

/** Files held in memory, by path. */
export const memorySource = (files: ReadonlyMap<string, Uint8Array>): Source => ({
  async read(path, range) {
    const file = files.get(path);
    if (!file) return null;
    return range ? file.subarray(range.offset, range.offset + range.length) : file;
  },
});
