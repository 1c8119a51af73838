import type { Command } from 'commander';
import { outputOf } from '../output.ts';

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('serve site and API on one local address (PORT, default 8787)')
    .argument('[release...]', 'folders, ids or names of releases (default: the newest of every name)')
    .addHelpText('after', '\nExamples:\n  $ parallax serve\n  $ PORT=9000 parallax serve demo ../other/release')
    .action(async (wanted: string[], _options: unknown, command: Command) => {
      const [{ findReleases }, { serveReleases }] = await Promise.all([
        import('../release/find.ts'),
        import('./serve.ts'),
      ]);
      await serveReleases(await findReleases(wanted), outputOf(command));
    });
}
