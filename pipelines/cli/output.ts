import type { Command } from 'commander';

/** Where a command's words go: results to standard output, messages to standard error. */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** A line of the result, for people; silent with `--json`. */
  line(text: string): void;
  /** The result as one JSON document; only with `--json`. */
  document(value: unknown): void;
  /** A message beside the result; silent with `--quiet`. */
  note(text: string): void;
  /** A message that only `--verbose` shows. */
  detail(text: string): void;
}

/** JSON with infinities as words, since JSON has none. */
const jsonValue = (_key: string, value: unknown) =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

export function createOutput(
  { json = false, quiet = false, verbose = false }: { json?: boolean; quiet?: boolean; verbose?: boolean },
  out: (text: string) => void = (text) => process.stdout.write(text),
  err: (text: string) => void = (text) => process.stderr.write(text),
): Output {
  return {
    json,
    quiet,
    verbose,
    line: (text) => {
      if (!json) out(`${text}\n`);
    },
    document: (value) => {
      if (json) out(`${JSON.stringify(value, jsonValue, 2)}\n`);
    },
    note: (text) => {
      if (!quiet) err(`${text}\n`);
    },
    detail: (text) => {
      if (verbose) err(`${text}\n`);
    },
  };
}

/** The output that a command's global options ask for. */
export const outputOf = (command: Command): Output => createOutput(command.optsWithGlobals());
