import type { Command } from 'commander';
import { outputOf } from '../output.ts';
import { type ConfigOptions, readConfig, withConfig } from './options.ts';

export function runCommand(program: Command): void {
  withConfig(program.command('run'))
    .description('run the pipeline, going on where it was, and print the folder of the release')
    .option('--trust', 'take finished stages by their file sizes, without reading them')
    .addHelpText(
      'after',
      '\nExamples:\n  $ parallax run demo\n  $ parallax run my-pair.json --out /data/my-pair --workers 8',
    )
    .action(async (source: string, options: ConfigOptions & { trust?: boolean }, command: Command) => {
      const output = outputOf(command);
      const { config, out } = await readConfig(source, options);
      const { makeRelease } = await import('./make.ts');
      const made = await makeRelease(config, { out, workers: options.workers, trust: options.trust ?? false }, output);
      output.line(made.folder);
      output.document(made);
    });
}
