import type { Command } from 'commander';
import { outputOf } from '../output.ts';

export function verifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check every hash, count, reference and schema of a release')
    .argument('[release]', 'folder, id or name of a release (default: the one that a run made last)')
    .addHelpText('after', '\nExample:\n  $ parallax verify demo')
    .action(async (wanted: string | undefined, _options: unknown, command: Command) => {
      const output = outputOf(command);
      const [{ findRelease }, { verifyRelease }] = await Promise.all([
        import('../release/find.ts'),
        import('../../release/verify.ts'),
      ]);
      const folder = await findRelease(wanted);
      const problems: { file: string; message: string }[] = [];
      for await (const problem of verifyRelease(folder)) {
        problems.push(problem);
        output.line(`${problem.file}: ${problem.message}`);
      }
      output.document({ folder, problems });
      if (problems.length === 0) output.line(`${folder}: every file, count and reference is as it should be`);
      else {
        output.note(
          `${problems.length} problem${problems.length > 1 ? 's' : ''} - fetch the release again, or run parallax run again to write it anew`,
        );
        process.exitCode = 1;
      }
    });
}
