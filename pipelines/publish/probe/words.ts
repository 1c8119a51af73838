import { Tokenizer } from '@huggingface/tokenizers';
import type { LiveIndex } from '#release/probe/live.ts';

/** Text to ids and back by the model's own tokenizer, without a chat template: the build wrote down its frame. */
export interface LiveWords {
  /** The whole prompt around a question. */
  prompt(question: string): number[];
  /** A text as it stands, with the tokens that the tokenizer begins every text with. */
  plain(text: string): number[];
  /** Ids of a text without special tokens. */
  tokenize(text: string): number[];
  /** Text of one token, with a leading space where it has one. */
  tokenText(id: number): string;
}

/** @param tokenizer the parsed tokenizer.json, `config` the parsed tokenizer_config.json */
export function liveWords(tokenizer: object, config: object, { prompt }: Pick<LiveIndex, 'prompt'>): LiveWords {
  const words = new Tokenizer(tokenizer, config);
  const ids = (text: string, special: boolean) => [...words.encode(text, { add_special_tokens: special }).ids];
  const tokenize = (text: string) => ids(text, false);
  const decode = (list: number[]) => words.decode(list, { clean_up_tokenization_spaces: false });
  // A lone token loses its leading space in some decoders; behind another one it keeps it.
  const [anchor] = tokenize('a');
  const lead = decode([anchor!]).length;
  return {
    prompt: (question) => ids(prompt.before + question + prompt.after, prompt.addSpecial),
    plain: (text) => ids(text, true),
    tokenize,
    tokenText: (id) => decode([anchor!, id]).slice(lead),
  };
}
