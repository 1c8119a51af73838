import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pipeline, type TextGenerationPipeline } from '@huggingface/transformers';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** A language model that answers one message. */
export interface TextModel {
  /** Kept as the maker of the labels that it writes. */
  readonly name: string;
  complete(system: string, user: string): Promise<string>;
  close(): Promise<void>;
}

export interface TextModelSettings {
  /** `http(s)://...` up to and with `/v1` of an OpenAI-compatible server, or `local` for a model run by transformers.js. */
  readonly address: string;
  /** The server's name of the model, or a folder or hub id. */
  readonly model: string;
  /** Name of the environment variable that holds the server's key. */
  readonly keyVariable?: string | undefined;
}

const MAX_TOKENS = 120;
const ATTEMPTS = 3;
const PAUSE_MS = 300;
const PATIENCE_MS = 120_000;

const Completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

function remote({ address, model, keyVariable }: TextModelSettings): TextModel {
  const url = `${address.replace(/\/$/, '')}/chat/completions`;
  const key = keyVariable === undefined ? undefined : process.env[keyVariable];
  if (keyVariable !== undefined && key === undefined)
    throw new ParallaxError(
      `environment variable ${keyVariable} is not set`,
      'set it to the key of the language model',
    );
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };

  async function ask(body: string): Promise<string | { failure: string; again: boolean }> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal }).catch((cause: Error) => cause);
    if (response instanceof Error) return { failure: `cannot be reached (${response.message})`, again: true };
    if (!response.ok) return { failure: `answers ${response.status}`, again: response.status >= 429 };
    const parsed = Completion.safeParse(await response.json().catch(() => undefined));
    return parsed.success
      ? parsed.data.choices[0]!.message.content
      : { failure: 'answers no chat completion', again: false };
  }

  return {
    name: model,
    async complete(system, user) {
      const messages = [
        { role: 'system', content: system },
        { role: 'user', content: user },
      ];
      const body = JSON.stringify({ model, messages, temperature: 0, max_tokens: MAX_TOKENS, seed: 0 });
      for (let attempt = 1; ; attempt++) {
        const answer = await ask(body);
        if (typeof answer === 'string') return answer;
        if (!answer.again || attempt === ATTEMPTS)
          throw new ParallaxError(
            `language model at ${url} ${answer.failure}`,
            'check the address, the model name and the key, or leave written labels out',
          );
        await setTimeout(PAUSE_MS * attempt);
      }
    },
    close: async () => {},
  };
}

async function local({ model }: TextModelSettings): Promise<TextModel> {
  const folder = existsSync(model) ? resolve(model) : model;
  let generate: TextGenerationPipeline;
  try {
    const options = { local_files_only: folder !== model || existsSync(model), device: 'cpu' } as const;
    generate = (await pipeline('text-generation', folder, options)) as TextGenerationPipeline;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ParallaxError(
      `language model ${model} does not open: ${why}`,
      'name a folder or hub id with a chat model',
      {
        cause,
      },
    );
  }
  return {
    name: model.split('/').filter(Boolean).at(-1)!,
    async complete(system, user) {
      const { tokenizer } = generate;
      const messages = [{ role: 'user', content: `${system}\n\n${user}` }];
      const prompt = tokenizer.apply_chat_template(messages, {
        tokenize: false,
        add_generation_prompt: true,
      }) as string;
      const options = { max_new_tokens: MAX_TOKENS, do_sample: false, return_full_text: false };
      const [first] = (await generate(prompt, options)) as { generated_text: string }[];
      return first!.generated_text;
    },
    close: () => generate.dispose().then(() => {}),
  };
}

/** Opens the language model that writes and judges labels. Throws `ParallaxError` where it cannot be had. */
export async function openTextModel(settings: TextModelSettings): Promise<TextModel> {
  if (settings.address === 'local') return local(settings);
  if (/^https?:\/\//.test(settings.address)) return remote(settings);
  throw new ParallaxError(`address ${settings.address} of the language model is not one`, 'write http://... or local');
}
