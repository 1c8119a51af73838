import { ReleaseError } from '../errors.ts';

/** Records (blocks) of a shard of the index. */
export const BLOCKS_PER_SHARD = 64;

/**
 * One block of an index: varint number of terms, then for each term: varint bytes of its UTF-8 name, the name, varint number
 * of postings, varint bytes of the postings, the postings. A posting is a rank (see `rank.bin`), ascending, written as a
 * varint difference from the one before (the first from 0). Varints are LEB128, at most 5 bytes.
 */
export interface TermPostings {
  readonly term: string;
  readonly ranks: Uint32Array;
}

class Bytes {
  #bytes = new Uint8Array(1024);
  length = 0;
  room(n: number): void {
    if (this.length + n <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.byteLength, this.length + n));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
  varint(value: number): void {
    this.room(5);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }
  raw(bytes: Uint8Array): void {
    this.room(bytes.byteLength);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.byteLength;
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

const encodeRanks = (ranks: Uint32Array): Uint8Array => {
  const out = new Bytes();
  let last = 0;
  for (const rank of ranks) {
    out.varint(rank - last);
    last = rank;
  }
  return out.done();
};

export function encodeBlock(terms: readonly TermPostings[]): Uint8Array {
  const out = new Bytes();
  const utf8 = new TextEncoder();
  out.varint(terms.length);
  for (const { term, ranks } of terms) {
    const [name, postings] = [utf8.encode(term), encodeRanks(ranks)];
    out.varint(name.byteLength);
    out.raw(name);
    out.varint(ranks.length);
    out.varint(postings.byteLength);
    out.raw(postings);
  }
  return out.done();
}

const bad = (what: string, options?: ErrorOptions) =>
  new ReleaseError('malformed', `search index: ${what}`, 'run `parallax verify` on the release', options);

/** Reads varints without ever leaving the bytes. */
class Reader {
  readonly bytes: Uint8Array;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw bad('a block ends inside a number');
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw bad('a number has more than 5 bytes');
  }
  take(n: number): Uint8Array {
    if (n > this.bytes.byteLength - this.at) throw bad('a block ends inside a term');
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
}

export interface TermView {
  readonly term: string;
  readonly count: number;
  /** Calls `visit` with every rank; ranks are checked to ascend and to stay below `features`. */
  each(features: number, visit: (rank: number) => void): void;
}

/** Terms of a block, postings left packed until they are asked for. Throws `ReleaseError` on bytes that do not fit. */
export function readBlock(bytes: Uint8Array): TermView[] {
  const reader = new Reader(bytes);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const terms = reader.varint();
  if (terms > bytes.byteLength) throw bad(`a block of ${bytes.byteLength} bytes claims ${terms} terms`);
  return Array.from({ length: terms }, () => {
    let term: string;
    const name = reader.take(reader.varint());
    try {
      term = utf8.decode(name);
    } catch (cause) {
      throw bad('a term is not UTF-8', { cause });
    }
    const count = reader.varint();
    const packed = reader.take(reader.varint());
    if (count > packed.byteLength) throw bad(`term "${term}" claims ${count} postings in ${packed.byteLength} bytes`);
    return {
      term,
      count,
      each(features, visit) {
        const postings = new Reader(packed);
        let rank = 0;
        for (let i = 0; i < count; i += 1) {
          const step = postings.varint();
          if (i > 0 && step === 0) throw bad(`term "${term}" names a feature twice`);
          rank += step;
          if (rank >= features) throw bad(`term "${term}" names feature ${rank} of ${features}`);
          visit(rank);
        }
        if (postings.at !== packed.byteLength) throw bad(`term "${term}" has bytes after its postings`);
      },
    };
  });
}
