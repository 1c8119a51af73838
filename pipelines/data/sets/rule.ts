import type { Sample } from '../sample.ts';

/** Which samples of a data set: `from <= index < to`, drawn by `seed` where the set is drawn at all. */
export interface Slice {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** One entry of the table of data sets. */
export interface DatasetRule {
  /** Samples carry a picture. */
  readonly pictures: boolean;
  /** The set is read from a file that the user names: `jsonl:path`. */
  readonly needsPath: boolean;
  /** Role -> file that the samples are read from. */
  files(path: string): Readonly<Record<string, string>>;
  /** Reads what the samples need, once; gives sample `index`, or undefined past the end of a finite set. */
  open(path: string): Promise<(seed: number, index: number) => Sample | undefined | Promise<Sample | undefined>>;
}
