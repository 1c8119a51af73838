import { sha256Bytes, toHex } from './sha256.ts';

/** UTF-8 JSON of a value: the form in which records are hashed. Keys keep the order of the schema that parsed the value. */
export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** sha256 of a record in that form. */
export const recordHash = (value: unknown): string => toHex(sha256Bytes(jsonBytes(value)));
