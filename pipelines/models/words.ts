import { AutoTokenizer, type PreTrainedTokenizer } from '@huggingface/transformers';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sample } from '../data/sample.ts';

/** Text to token ids and back, by the model's own tokenizer and chat template. */
export interface Words {
  readonly bos: number | undefined;
  readonly pad: number;
  /** One more than the largest token id. */
  readonly size: number;
  /** The token as the vocabulary writes it. */
  tokenOf(id: number): string | undefined;
  tokenize(text: string): number[];
  tokenText(id: number): string;
  /** Ids of a whole sample with BOS; `picture`: what stands for its picture; `answer`: closed by its answer. */
  sampleIds(sample: Sample, options: { picture: Picture | undefined; answer: boolean }): number[];
}

/** The image token as the chat template writes it, and the text that takes its place. */
export interface Picture {
  readonly token: string;
  readonly text: string;
}

/** Reads the tokenizer of a model's folder. `lists`: chat messages are lists of parts, as those of vision models are. */
export async function openWords(folder: string, options: { readonly lists: boolean }): Promise<Words> {
  let tokenizer: PreTrainedTokenizer;
  try {
    tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ParallaxError(
      `model ${folder} has no tokenizer that can be read: ${why}`,
      'put its tokenizer.json and tokenizer_config.json there',
      { cause },
    );
  }
  const tokenize = (text: string) => tokenizer.encode(text, { add_special_tokens: false });
  const vocabulary = tokenizer.get_vocab() as Map<string, number> | Record<string, number>;
  const ids = new Map(vocabulary instanceof Map ? vocabulary : Object.entries(vocabulary));
  const tokens = new Map(Array.from(ids, ([token, id]) => [id, token]));
  // A lone token loses its leading space in some decoders; behind another one it keeps it.
  const [anchor] = tokenize('a');
  const decode = (list: number[]) => tokenizer.decode(list, { clean_up_tokenization_spaces: false });
  const lead = decode([anchor!]).length;
  return {
    bos: tokenizer.bos_token === undefined || tokenizer.bos_token === null ? undefined : ids.get(tokenizer.bos_token),
    pad: tokenizer.pad_token_id ?? 0,
    size: Math.max(...ids.values()) + 1,
    tokenOf: (id) => tokens.get(id),
    tokenize,
    tokenText: (id) => decode([anchor!, id]).slice(lead),
    sampleIds(sample, { picture, answer }) {
      const text = sample.plain ? sample.prompt : chat(tokenizer, sample, { picture, answer, ...options }, folder);
      const begun = typeof tokenizer.bos_token === 'string' && text.startsWith(tokenizer.bos_token);
      return tokenizer.encode(text, { add_special_tokens: !begun });
    },
  };
}

/** The sample as the model's chat template writes it. */
function chat(
  tokenizer: PreTrainedTokenizer,
  { prompt, answer }: Sample,
  how: { readonly picture: Picture | undefined; readonly answer: boolean; readonly lists: boolean },
  folder: string,
): string {
  if (!tokenizer.chat_template)
    throw new ParallaxError(
      `model ${folder} has no chat template`,
      'add "chat_template" to its tokenizer_config.json, or use a data set of plain texts',
    );
  const parts = [...(how.picture ? [{ type: 'image' }] : []), { type: 'text', text: prompt }];
  const closed = how.answer && answer !== undefined;
  const messages = [
    { role: 'user', content: how.lists ? parts : prompt },
    ...(closed ? [{ role: 'assistant', content: answer }] : []),
  ];
  const text = tokenizer.apply_chat_template(messages as never, {
    tokenize: false,
    add_generation_prompt: !closed,
  }) as unknown as string;
  return how.picture ? text.replace(how.picture.token, () => how.picture!.text) : text;
}
