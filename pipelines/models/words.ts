import { AutoTokenizer, type PreTrainedTokenizer } from '@huggingface/transformers';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sample } from '../data/sample.ts';

/** Text to token ids and back, by the model's own tokenizer and chat template. */
export interface Words {
  readonly bos: number | undefined;
  readonly pad: number;
  /** One more than the largest token id. */
  readonly size: number;
  idOf(token: string): number | undefined;
  tokenize(text: string): number[];
  tokenText(id: number): string;
  /** Ids of a whole sample with BOS; `picture`: a placeholder for the picture stands in it; `answer`: closed by its answer. */
  sampleIds(sample: Sample, options: { picture: boolean; answer: boolean }): number[];
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
  // A lone token loses its leading space in some decoders; behind another one it keeps it.
  const [anchor] = tokenize('a');
  const decode = (list: number[]) => tokenizer.decode(list, { clean_up_tokenization_spaces: false });
  const lead = decode([anchor!]).length;
  return {
    bos: tokenizer.bos_token === undefined || tokenizer.bos_token === null ? undefined : ids.get(tokenizer.bos_token),
    pad: tokenizer.pad_token_id ?? 0,
    size: Math.max(...ids.values()) + 1,
    idOf: (token) => ids.get(token),
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
  how: { readonly picture: boolean; readonly answer: boolean; readonly lists: boolean },
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
  return tokenizer.apply_chat_template(messages as never, {
    tokenize: false,
    add_generation_prompt: !closed,
  }) as unknown as string;
}
