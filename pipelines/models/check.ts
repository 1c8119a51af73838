import type { Anatomy } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Words } from './words.ts';

interface Facts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly words: Words;
  readonly anatomy: Anatomy;
  readonly imageToken: number | undefined;
  readonly sees: boolean;
}

/** A fact that must hold, what to say where it does not. */
type Rule = (facts: Facts) => string | undefined;

const textConfig = (config: Facts['config']) => (config['text_config'] ?? config) as Readonly<Record<string, unknown>>;

const RULES: readonly Rule[] = [
  ({ words, anatomy }) =>
    words.size > anatomy.vocab
      ? `its tokenizer has ids up to ${words.size - 1}, its decoder ${anatomy.vocab} tokens`
      : undefined,
  ({ config, anatomy }) => {
    const stated = textConfig(config)['vocab_size'];
    return typeof stated === 'number' && stated !== anatomy.vocab
      ? `config.json says vocab_size ${stated}, its decoder has ${anatomy.vocab} tokens`
      : undefined;
  },
  ({ config, words }) => {
    const stated = config['bos_token_id'] ?? textConfig(config)['bos_token_id'];
    return typeof stated === 'number' && words.bos !== undefined && words.bos !== stated
      ? `config.json says bos_token_id ${stated}, its tokenizer ${words.bos}`
      : undefined;
  },
  ({ sees, imageToken, words }) => {
    if (!sees) return undefined;
    if (imageToken === undefined) return 'config.json has no image_token_id';
    return imageToken >= words.size
      ? `config.json says image_token_id ${imageToken}, its tokenizer has ids up to ${words.size - 1}`
      : undefined;
  },
];

/** Throws `ParallaxError` where the parts of a model do not belong together. */
export function checkModel(folder: string, facts: Facts): void {
  for (const rule of RULES) {
    const problem = rule(facts);
    if (problem)
      throw new ParallaxError(
        `model ${folder}: ${problem}`,
        'put the tokenizer and config of this very model in its folder',
      );
  }
}
