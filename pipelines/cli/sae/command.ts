import type { Command } from 'commander';
import { outputOf } from '../output.ts';
import { whole } from '../words.ts';
import { cardCommand } from './card-command.ts';
import { trainCommand } from './train-command.ts';

const figure = (x: number) => Number(x.toPrecision(4)).toString();

function evalCommand(sae: Command): void {
  sae
    .command('eval')
    .description('FVU, L0 and dead share of a dictionary on harvested activations, by class of token')
    .argument('<dictionary>', 'folder of a dictionary, of any known format')
    .argument('<store...>', 'harvest folders that it was not trained on')
    .requiredOption('--layer <n>', 'layer of the activations', whole(0))
    .option('--tokens <n>', 'tokens measured at most', whole(2), 20_000)
    .addHelpText(
      'after',
      '\nExample:\n  $ parallax sae eval my-sae .parallax/demo/stages/harvest-base-text-held-out-* --layer 3',
    )
    .action(async (folder: string, stores: string[], options: { layer: number; tokens: number }, command: Command) => {
      const output = outputOf(command);
      const { evaluate } = await import('./evaluate.ts');
      const groups = await evaluate(folder, stores, options.layer, options.tokens);
      for (const [name, m] of Object.entries(groups))
        output.line(
          `${name.padEnd(6)} FVU ${figure(m.fvu)}  L0 ${figure(m.l0)}  dead ${figure(100 * m.deadFraction)} %  n ${m.tokens} tokens`,
        );
      const scalars = Object.entries(groups).map(([name, { tokens, fvu, l0, deadFraction }]) => [
        name,
        { tokens, fvu, explained_variance: 1 - fvu, l0, dead_fraction: deadFraction },
      ]);
      output.document(Object.fromEntries(scalars));
    });
}

function convertCommand(sae: Command): void {
  sae
    .command('convert')
    .description('write a published dictionary in the layout of SAELens')
    .argument(
      '<dictionary>',
      'folder in any known format: SAELens, Llama Scope, Gemma Scope, OpenMOSS, sparsify, dictionary-learning, a plain state dict with dictionary.json',
    )
    .argument('<out>', 'folder to write')
    .addHelpText('after', '\nExample:\n  $ parallax sae convert gemma-scope/layer_12/width_16k my-sae')
    .action(async (folder: string, out: string, _options: unknown, command: Command) => {
      const output = outputOf(command);
      const { loadDictionary, saveSae } = await import('../../sae/index.ts');
      const { sae: loaded, format, hookZ } = await loadDictionary(folder);
      await saveSae(out, loaded, { hookZ });
      output.line(`${format}, ${loaded.n} features of width ${loaded.d}: ${out}`);
      output.document({ from: folder, format, out, features: loaded.n, width: loaded.d });
    });
}

export function saeCommand(program: Command): void {
  const sae = program
    .command('sae')
    .description('dictionaries by themselves: train, eval, convert, card')
    .addHelpText('after', '\nExample:\n  $ parallax sae train --help');
  for (const add of [trainCommand, evalCommand, convertCommand, cardCommand]) add(sae);
}
