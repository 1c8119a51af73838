import type { Command } from 'commander';
import { ParallaxError } from '../../config/errors.ts';
import { outputOf } from '../output.ts';
import { whole } from '../words.ts';
import type { LossSource } from './quality.ts';

interface CardOptions {
  readonly layer?: number;
  readonly model?: string;
  readonly dataset?: string;
  readonly from: number;
  readonly samples: number;
  readonly seed: number;
  readonly image: boolean;
  readonly answer: boolean;
}

/** What the loss is measured on; undefined where neither option asks for it. */
function lossSource({ model, dataset, from, samples, seed, image, answer }: CardOptions): LossSource | undefined {
  if (model === undefined && dataset === undefined) return undefined;
  if (model === undefined || dataset === undefined)
    throw new ParallaxError(
      `sae card: --${model === undefined ? 'model' : 'dataset'} is missing`,
      'the loss needs both: the model, and samples that the dictionary was not trained on',
      { misuse: true },
    );
  return { model, dataset, from, samples, seed, image: image ? 'own' : 'none', answer };
}

export function cardCommand(sae: Command): void {
  sae
    .command('card')
    .description('what a dictionary is and, on held-out activations, its quality by class of token')
    .argument('<dictionary>', 'folder of a dictionary, of any known format')
    .argument('[store...]', 'harvest folders that it was not trained on')
    .option('--layer <n>', 'layer of the activations', whole(0))
    .option('--model <folder>', 'measure the loss with the reconstruction in place in this model ...')
    .option('--dataset <name>', '... on this data set')
    .option('--from <n>', 'first sample of it, none of which trained the dictionary', whole(0), 0)
    .option('--samples <n>', 'samples of it', whole(2), 24)
    .option('--seed <n>', 'seed of the data set and of the intervals', whole(0), 0)
    .option('--no-image', 'read the samples without their pictures')
    .option('--answer', 'read the answers too', false)
    .addHelpText(
      'after',
      '\nExample:\n  $ parallax sae card .parallax/demo/stages/sae-S-L03-* .parallax/demo/stages/harvest-base-text-held-out-* --layer 3 \\\n      --model fixtures/demo/base --dataset demo-text --from 1280 --no-image',
    )
    .action(async (folder: string, stores: string[], options: CardOptions, command: Command) => {
      const output = outputOf(command);
      const loss = lossSource(options);
      const { dictionaryCard } = await import('./card.ts');
      const card = await dictionaryCard(folder);
      for (const [name, value] of Object.entries(card)) output.line(`${name.replaceAll('_', ' ').padEnd(22)}${value}`);
      if (stores.length === 0) return output.document(card);
      if (options.layer === undefined)
        throw new ParallaxError('sae card: --layer is missing', 'name the layer of the activations', { misuse: true });
      const { qualityOf, qualityLines } = await import('./quality.ts');
      const rows = await qualityOf(folder, stores, options.layer, options.seed, loss);
      for (const line of qualityLines(rows)) output.line(line);
      output.document({ ...card, quality: rows });
    });
}
