import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoTokenizer } from '@huggingface/transformers';
import { STORIES } from '../sets/text.ts';
import { sampleTexts } from './sample.ts';

/** Made `fixtures/text/stories.txt`: stories told by the demo pair's base. Run with `node pipelines/data/stories/write.ts`. */
const FOLDER = fileURLToPath(new URL('../../../fixtures/demo/base/', import.meta.url));
const SETTINGS = { seed: 0, rows: 32, length: 200, temperature: 0.8 };
const CHARACTERS = 300_000;
const SHORTEST = 60;

/** Up to the end of the last whole sentence; undefined where the text is short, or tells a scene with questions. */
function story(text: string): string | undefined {
  const line = text.replaceAll('<unk>', ' ').replace(/\s+/g, ' ').trim();
  const end = Math.max(line.lastIndexOf('. '), line.lastIndexOf('." '), line.endsWith('.') ? line.length - 1 : -1);
  const whole = line.slice(0, end + 1);
  return whole.length < SHORTEST || whole.includes('USER') || whole.includes('ASSISTANT') ? undefined : whole;
}

const config = JSON.parse(await readFile(join(FOLDER, 'config.json'), 'utf8'));
const tokenizer = await AutoTokenizer.from_pretrained(FOLDER, { local_files_only: true });
const model = {
  graph: join(FOLDER, 'onnx/model.onnx'),
  layers: config.num_hidden_layers,
  kvHeads: config.num_key_value_heads,
  dHead: config.head_dim,
  bos: config.bos_token_id,
  eos: config.eos_token_id,
};
/** Told scenes begin with "There"; stories that do are rare. */
const notFirst = [tokenizer.encode('There', { add_special_tokens: false })[0]!];

const kept = new Set<string>();
let characters = 0;
for await (const ids of sampleTexts(model, { ...SETTINGS, notFirst })) {
  const text = story(tokenizer.decode(ids));
  if (!text || kept.has(text)) continue;
  kept.add(text);
  characters += text.length + 1;
  if (characters >= CHARACTERS) break;
}
await writeFile(STORIES, `${[...kept].join('\n')}\n`);
process.stderr.write(`${kept.size} stories, ${characters} characters\n`);
