import { ReleaseError } from './errors.ts';
import type { ColumnsFile } from './schema/columns.ts';
import type { FeatureExamples } from './schema/examples.ts';
import type { Feature } from './schema/feature.ts';
import type { HeadsFile } from './schema/heads.ts';
import type { Manifest } from './schema/manifest.ts';
import type { QualityFile } from './schema/quality.ts';
import type { RelatedFile } from './schema/related.ts';
import type { SearchIndex } from './schema/search.ts';
import type { StepsFile } from './schema/steps.ts';
import type { Summary } from './schema/summary.ts';

/** JSON records by name; a checker proves that a value is one. */
export interface Records {
  manifest: Manifest;
  feature: Feature;
  examples: FeatureExamples;
  heads: HeadsFile;
  quality: QualityFile;
  related: RelatedFile;
  steps: StepsFile;
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

/** The check that checks nothing. */
export const trust: RecordCheck = (_kind, _file, value) => value as never;

/** JSON bytes -> a value of no known shape. */
export function parseJson(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ReleaseError('malformed', `${file}: not JSON`, 'check the release with `parallax verify`', { cause });
  }
}
