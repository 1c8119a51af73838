import { CommanderError } from 'commander';
import { failureOf } from './failure.ts';
import { createProgram } from './program.ts';

/** Runs the words of a command line; gives the exit code: 0 fine, 1 failed, 2 misused, 130 interrupted. */
export async function main(words: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { line, code, stack } = failureOf(error);
    process.stderr.write(`parallax: ${line}\n`);
    if (stack && program.opts()['verbose']) process.stderr.write(`${stack}\n`);
    return code;
  }
}
