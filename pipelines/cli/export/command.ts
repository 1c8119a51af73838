import { type Command, Option } from 'commander';
import { outputOf } from '../output.ts';

export function exportCommand(program: Command): void {
  program
    .command('export')
    .description('write a release in formats that other programs read')
    .argument('[release]', 'folder, id or name of a release (default: the one that a run made last)')
    .addOption(
      new Option('--format <format>', 'how').choices(['csv', 'jsonl', 'neuronpedia', 'circuit-tracer']).default('csv'),
    )
    .requiredOption('--out <folder>', 'folder to write')
    .addHelpText('after', '\nExample:\n  $ parallax export demo --format neuronpedia --out demo-neuronpedia')
    .action(async (wanted: string | undefined, options: { format: string; out: string }, command: Command) => {
      const output = outputOf(command);
      const [{ openRelease }, { exportRelease }] = await Promise.all([
        import('../release/open.ts'),
        import('./write.ts'),
      ]);
      const { reader } = await openRelease(wanted);
      const files = await exportRelease(reader, options.format, options.out);
      output.line(`${reader.id}: ${files.length} files in ${options.out}`);
      output.document({ release: reader.id, format: options.format, folder: options.out, files });
    });
}
