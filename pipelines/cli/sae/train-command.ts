import type { Command } from 'commander';
import { parseOverride } from '../../config/load.ts';
import { outputOf } from '../output.ts';
import { whole } from '../words.ts';

const append = (text: string, all: string[]) => [...all, text];

export function trainCommand(sae: Command): void {
  sae
    .command('train')
    .description('train a dictionary on harvested activations, or adapt one')
    .argument('<store...>', 'harvest folders, in order')
    .requiredOption('--layer <n>', 'layer whose residual stream is learnt', whole(0))
    .requiredOption('--out <folder>', 'folder of the dictionary; a stopped training there goes on')
    .option('--from <folder>', 'dictionary to adapt, of any known format')
    .option('--set <key=value>', 'change one setting, as in --set tokens=200000 --set k=32', append, [])
    .addHelpText(
      'after',
      '\nExample:\n  $ parallax sae train .parallax/demo/stages/harvest-base-text-train-* --layer 3 --out my-sae --set tokens=200000',
    )
    .action(
      async (
        stores: string[],
        options: { layer: number; out: string; from?: string; set: string[] },
        command: Command,
      ) => {
        const output = outputOf(command);
        const { trainAlone } = await import('./train.ts');
        const settings = Object.assign(
          { stage: 'S', layer: options.layer, tokens: 400_000 },
          ...options.set.map(parseOverride),
        );
        await trainAlone(stores, options.from, settings, options.out, output);
        output.line(options.out);
        output.document({ folder: options.out, settings });
      },
    );
}
