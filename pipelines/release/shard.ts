import { deflateSync, Inflate, inflateSync } from 'fflate';
import { ReleaseError } from './errors.ts';
import { sha256Bytes, toHex } from './sha256.ts';

/**
 * A packed shard: `PXSH`, u16 version, u16 count, u32 ordinal of the first record, then one entry of 44 bytes a record
 * (u32 offset from the start of the file, u32 stored bytes, u32 raw bytes, sha256 of the raw bytes), then the records,
 * deflate-raw, in order. Little-endian. An entry of zeros is a record that does not exist.
 */
export const SHARD_VERSION = 1;
const MAGIC = 0x48535850;
const HEAD = 12;
const ENTRY = 44;
/** No record may claim to unpack to more. */
export const MAX_RAW = 16 * 2 ** 20;
/** Deflate never grows data by more than its block headers. */
const maxStored = (raw: number): number => raw + Math.ceil(raw / 1000) + 64;

export interface ShardEntry {
  readonly offset: number;
  readonly stored: number;
  readonly raw: number;
  /** Hex sha256 of the raw record: its identity in ETags and citations. */
  readonly hash: string;
}

export const shardHeaderBytes = (count: number): number => HEAD + ENTRY * count;

const bad = (file: string, what: string, options?: ErrorOptions) =>
  new ReleaseError('malformed', `${file}: ${what}`, 'run `parallax verify` on the release, or fetch it again', options);

/** How records are packed and named. */
export interface PackCodec {
  /** Raw deflate. */
  deflate(record: Uint8Array): Uint8Array;
  /** 32 bytes. */
  sha256(record: Uint8Array): Uint8Array;
}

/** Same records, same bytes, on every machine: fflate is plain JavaScript, and its memory level is fixed. */
const PORTABLE: PackCodec = {
  deflate: (record) => deflateSync(record, { level: 6, mem: 8 }),
  sha256: sha256Bytes,
};

/** `null` = no record. */
export function encodeShard(
  first: number,
  records: readonly (Uint8Array | null)[],
  { deflate, sha256 }: PackCodec = PORTABLE,
): Uint8Array {
  const stored = records.map((record) => record && deflate(record));
  let offset = shardHeaderBytes(records.length);
  const file = new Uint8Array(stored.reduce((sum, s) => sum + (s?.byteLength ?? 0), offset));
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, SHARD_VERSION, true);
  view.setUint16(6, records.length, true);
  view.setUint32(8, first, true);
  records.forEach((record, slot) => {
    const packed = stored[slot];
    if (!record || !packed) return;
    if (record.byteLength > MAX_RAW)
      throw new ReleaseError(
        'limit',
        `record ${first + slot} has ${record.byteLength} bytes, the limit is ${MAX_RAW}`,
        'keep fewer examples a feature',
      );
    const at = HEAD + ENTRY * slot;
    view.setUint32(at, offset, true);
    view.setUint32(at + 4, packed.byteLength, true);
    view.setUint32(at + 8, record.byteLength, true);
    file.set(sha256(record), at + 12);
    file.set(packed, offset);
    offset += packed.byteLength;
  });
  return file;
}

/**
 * A shard's header, and what gives its entries one by one, each proved to lie inside the file. `bytes` needs to hold the header only.
 * @param expected what the manifest says of this shard: records, first ordinal, size of the file
 */
export function readShardHeader(
  file: string,
  bytes: Uint8Array,
  expected: { first: number; count: number; bytes: number },
): (slot: number) => ShardEntry | null {
  const header = shardHeaderBytes(expected.count);
  if (bytes.byteLength < header) throw bad(file, `${bytes.byteLength} bytes are too few for its header of ${header}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw bad(file, 'is not a packed shard');
  if (view.getUint16(4, true) !== SHARD_VERSION) throw bad(file, `has shard version ${view.getUint16(4, true)}`);
  const [count, first] = [view.getUint16(6, true), view.getUint32(8, true)];
  if (count !== expected.count || first !== expected.first)
    throw bad(
      file,
      `holds records ${first}..${first + count - 1}, not ${expected.first}..${expected.first + expected.count - 1}`,
    );
  return (slot) => {
    if (!(slot >= 0 && slot < count)) return null;
    const at = HEAD + ENTRY * slot;
    const [offset, stored, raw] = [0, 4, 8].map((o) => view.getUint32(at + o, true)) as [number, number, number];
    if (offset === 0 && stored === 0 && raw === 0) return null;
    if (offset < header || offset + stored > expected.bytes)
      throw bad(file, `record ${first + slot} lies outside the file`);
    if (raw > MAX_RAW || stored > maxStored(raw))
      throw bad(file, `record ${first + slot} claims ${stored} bytes for ${raw}`);
    return { offset, stored, raw, hash: toHex(bytes.subarray(at + 12, at + ENTRY)) };
  };
}

/** Up to this many stored bytes are unpacked at once: deflate grows data at most 1032 times, so that work stays bounded. */
const AT_ONCE = 32 * 1024;

/** Unpacks in steps and stops as soon as more comes out than `raw`. */
function unpackInSteps(file: string, raw: number, packed: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw);
  let at = 0;
  const inflate = new Inflate((chunk) => {
    if (at + chunk.byteLength > raw) throw bad(file, 'a record unpacks to more than its entry says');
    out.set(chunk, at);
    at += chunk.byteLength;
  });
  for (let from = 0; from < packed.byteLength; from += AT_ONCE)
    inflate.push(packed.subarray(from, from + AT_ONCE), from + AT_ONCE >= packed.byteLength);
  return out.subarray(0, at);
}

/** Unpacks one record, never beyond the size its entry gives, and proves its hash. */
export function readShardRecord(file: string, entry: ShardEntry, packed: Uint8Array): Uint8Array {
  let out: Uint8Array;
  try {
    out =
      packed.byteLength > AT_ONCE
        ? unpackInSteps(file, entry.raw, packed)
        : inflateSync(packed, { out: new Uint8Array(entry.raw + 1) });
  } catch (cause) {
    if (cause instanceof ReleaseError) throw cause;
    throw bad(file, 'a record does not unpack', { cause });
  }
  if (out.byteLength > entry.raw) throw bad(file, 'a record unpacks to more than its entry says');
  if (out.byteLength < entry.raw)
    throw bad(file, `a record unpacks to ${out.byteLength} bytes instead of ${entry.raw}`);
  if (toHex(sha256Bytes(out)) !== entry.hash)
    throw new ReleaseError(
      'hash',
      `${file}: a record does not have the sha256 its entry gives`,
      'run `parallax verify` on the release, or fetch it again',
    );
  return out;
}
