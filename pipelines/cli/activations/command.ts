import type { Command } from 'commander';
import { outputOf } from '../output.ts';
import { collectLayers } from '../words.ts';

export function activationsCommand(program: Command): void {
  const activations = program
    .command('activations')
    .description('residual streams by themselves')
    .addHelpText('after', '\nExample:\n  $ parallax activations export --help');
  activations
    .command('export')
    .description('write harvested residual streams as one safetensors file')
    .argument('<folder...>', 'harvest folders of a run, in order: .parallax/demo/stages/harvest-...')
    .requiredOption('--out <file>', 'file to write')
    .option('--layer <n>', 'layer to write; may be repeated (default: all)', collectLayers)
    .addHelpText(
      'after',
      '\nExample:\n  $ parallax activations export .parallax/demo/stages/harvest-base-text-train-* --out text.safetensors --layer 3',
    )
    .action(async (folders: string[], options: { out: string; layer?: number[] }, command: Command) => {
      const output = outputOf(command);
      const { exportActivations } = await import('./export.ts');
      const tokens = await exportActivations(folders, options.layer ?? null, options.out);
      output.line(`${tokens} tokens: ${options.out}`);
      output.document({ file: options.out, tokens });
    });
}
