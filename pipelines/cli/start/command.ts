import type { Command } from 'commander';
import { outputOf } from '../output.ts';
import { type ConfigOptions, readConfig, withConfig } from '../run/options.ts';

/** `npm start`: the demo atlas from nothing to an address. */
export function startCommand(program: Command): void {
  withConfig(program.command('start'))
    .description('run, build the site and serve: what npm start does')
    .addHelpText('after', '\nExample:\n  $ parallax start demo')
    .action(async (source: string, options: ConfigOptions, command: Command) => {
      const output = outputOf(command);
      const { config, out } = await readConfig(source, options);
      const [{ makeRelease }, { serveReleases }] = await Promise.all([
        import('../run/make.ts'),
        import('../serve/serve.ts'),
      ]);
      const made = await makeRelease(config, { out, workers: options.workers, trust: false }, output);
      output.note(`release ${made.release} of ${made.stages} stages: ${made.folder}`);
      await serveReleases([made.folder], output);
    });
}
