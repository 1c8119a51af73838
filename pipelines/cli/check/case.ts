import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSafetensors, type SafeTensor } from '#release/safetensors.ts';

/** One golden case as found on disk. */
export interface GoldenCase {
  readonly dir: string;
  readonly name: string;
  /** `case.json`, unchecked: the kind's own schema parses it. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Tensors of a safetensors file of the case. */
  load(file: string): Promise<Map<string, SafeTensor>>;
}

/** A computed tensor, to be compared with the expected one of the same name. */
export interface Answer {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Result {
  readonly answers: ReadonlyMap<string, Answer>;
  /** Restricts a tensor (computed or expected) to the elements that are compared, where the case says so. */
  readonly select?: (name: string, tensor: Answer) => Answer;
  /** Tensors judged otherwise than by the error measure: gives an error to hold against `tolerance`. */
  readonly judge?: Readonly<Record<string, (got: Answer, expected: Answer) => { error: number; tolerance: number }>>;
}

/** Computes a case's answers; an exception is the case's error. One entry a kind in `kinds.ts`. */
export type Check = (golden: GoldenCase) => Promise<Result>;

export async function openCase(dir: string, name: string): Promise<GoldenCase> {
  const spec = JSON.parse(await readFile(join(dir, 'case.json'), 'utf8')) as Record<string, unknown>;
  return { dir, name, spec, load: async (file) => parseSafetensors(await readFile(join(dir, file))) };
}
