import type { Command } from 'commander';
import { type Output, outputOf } from '../output.ts';
import type { Found } from './find.ts';
import type { Outcome } from './judge.ts';

const figure = (x: number) => (Number.isFinite(x) ? x.toExponential(2) : String(x));

/** One line: pass or FAIL, kind, name, worst tensor, worst error, tolerance. */
export function describe({ kind, name, pass, worst, note }: Outcome): string {
  const words = [pass ? 'pass' : 'FAIL', kind, name];
  if (worst) words.push(worst.tensor, figure(worst.error), `tolerance ${figure(worst.tolerance)}`);
  if (worst?.why) words.push(worst.why);
  if (note) words.push(note);
  return words.join('  ');
}

/** Runs every case below the folders. Gives false if any failed, was malformed or has an unknown kind. */
export async function runChecks(folders: readonly string[], output: Output): Promise<boolean> {
  const [{ findCases }, { judgeCase }] = await Promise.all([import('./find.ts'), import('./judge.ts')]);
  const cases: Found[] = [];
  for (const folder of folders) cases.push(...(await findCases(folder)));
  const outcomes: Outcome[] = [];
  for (const { dir, name } of cases) {
    const outcome = await judgeCase(dir, name);
    outcomes.push(outcome);
    output.line(describe(outcome));
  }
  const failed = outcomes.filter((o) => !o.pass).length;
  output.document({ cases: outcomes, passed: outcomes.length - failed, failed });
  output.note(`${outcomes.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('run golden cases: compare with answers computed by other software')
    .argument('<folder...>', 'folders that hold cases at any depth')
    .addHelpText('after', '\nExample:\n  $ parallax check ../shared/golden/graphs/llama-*')
    .action(async (folders: string[], _options: unknown, command: Command) => {
      if (!(await runChecks(folders, outputOf(command)))) process.exitCode = 1;
    });
}
