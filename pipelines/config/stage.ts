/** JSON that can be part of a stage's key. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One step of a run: a pure function of `settings`, of the outputs of the stages it names, and of outside files.
 * Its output folder is named by the hash of all three (and `version`), written to a temporary name, checksummed and renamed.
 */
export interface Stage {
  /** Unique in a run, as a path: `sae/F/L03`. */
  readonly name: string;
  /** Raise when the code of the stage gives other bytes for the same settings. */
  readonly version: number;
  readonly settings: Json;
  /** Role in this stage -> name of the stage that gives it. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Role -> outside file or folder, hashed by content. */
  readonly files: Readonly<Record<string, string>>;
  /** Module below `pipelines/` that exports `run: StageRun`, e.g. `sae/train.stage.ts`. */
  readonly module: string;
}

/**
 * What a stage's `run` receives. It writes only below `out`, and reads only its inputs and files.
 * `out` is empty at the start, but for what a killed attempt left in it under names that begin with `checkpoint` or
 * `.checkpoint`: that is the stage's own to go on from (write it atomically), and is removed when the stage is finished.
 * `stage.json` belongs to the runner.
 */
export interface StageContext<S = Json> {
  readonly settings: S;
  /** Role -> folder of the finished input stage. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Role -> path of the outside file or folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly out: string;
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  progress(done: number, total: number, unit: string): void;
  log(line: string): void;
}

export type StageRun<S = Json> = (context: StageContext<S>) => Promise<void>;
