import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AutoTokenizer } from '@huggingface/transformers';
import type { LiveIndex } from '#release/probe/live.ts';
import { ParallaxError } from '../../../config/errors.ts';
import { IMAGE_SIZE } from '../../../data/scene/world.ts';
import { meanZ } from '../../../heads/mean-ablation.ts';
import { TASK_NAMES, tasksOf } from '../../../heads/tasks.ts';
import { readJson, requireGraph } from '../../../models/files.ts';
import { openModel } from '../../../models/index.ts';
import type { TracedModel } from '../../../models/types.ts';
import { liveWords } from '../words.ts';
import type { Place } from './place.ts';

/** Stands for the question while the chat template is written down. */
const MARK = '\u{E000}';
/** Scenes of each task that the mean z of a head is taken over. */
const SCENES = 16;

type Part = Pick<
  LiveIndex,
  'model' | 'prompt' | 'picture' | 'imageToken' | 'bos' | 'ends' | 'heads' | 'dHead' | 'means' | 'meansOver'
>;

const unfit = (folder: string, why: string) =>
  new ParallaxError(`model ${folder}: ${why}`, 'the probe page is for models of the scenes; leave this release out');

/** The prompt around a question, with as many image tokens as the picture has patches. */
async function frameOf(folder: string, patches: number): Promise<LiveIndex['prompt']> {
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const content = [{ type: 'image' }, { type: 'text', text: MARK }];
  const text = tokenizer.apply_chat_template([{ role: 'user', content }] as never, {
    tokenize: false,
    add_generation_prompt: true,
  }) as unknown as string;
  const { image_token: token = '<image>' } = (await readJson(folder, 'processor_config.json')) as {
    image_token?: string;
  };
  const [before, after, more] = text.replace(token, () => token.repeat(patches)).split(MARK);
  if (before === undefined || after === undefined || more !== undefined)
    throw unfit(folder, 'its chat template does not write the question once');
  const bos = tokenizer.bos_token as string | null | undefined;
  return { before, after, addSpecial: !(bos && before.startsWith(bos)) };
}

async function pictureOf(folder: string, { rows, columns, imageSize }: NonNullable<TracedModel['patches']>) {
  const config = await readJson(folder, 'preprocessor_config.json');
  if (imageSize !== IMAGE_SIZE || config['do_rescale'] !== true || config['do_normalize'] !== true)
    throw unfit(folder, `its pictures are not scenes of ${IMAGE_SIZE} pixels, rescaled and normalised`);
  const { rescale_factor: rescale, image_mean: mean, image_std: std } = config as Record<string, unknown>;
  return { side: imageSize, rows, columns, rescale, mean, std } as LiveIndex['picture'];
}

/** Mean z of every head over questions of both tasks, as the release's ablation takes it. */
async function meansOf(model: TracedModel): Promise<{ means: Float32Array; over: number }> {
  const { layers, heads, dHead } = model.decoder.anatomy;
  const tasks = await tasksOf(model, { seed: 0, from: 0, to: SCENES });
  const encoded = TASK_NAMES.flatMap((task) => tasks[task].map((choice) => choice.encoded));
  const byLayer = await meanZ(model, encoded, [...Array(layers).keys()]);
  const means = new Float32Array(layers * heads * dHead);
  for (const [layer, values] of byLayer) means.set(values, layer * heads * dHead);
  return { means, over: encoded.length };
}

/** Writes a tuned model's files with all that the page must know of it. Throws `ParallaxError` where it does not fit the scenes. */
export async function placeModel(folder: string, place: Place): Promise<Part> {
  const model = await openModel(folder, { role: 'tuned' });
  const { heads, dHead } = model.decoder.anatomy;
  const patches = model.patches!;
  const prompt = await frameOf(folder, patches.rows * patches.columns);
  const config = await readJson(folder, 'config.json');
  const [tokenizer, tokenizerConfig] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map((name) => readJson(folder, name)),
  );
  const question = 'Is the cat left of the dog?';
  const image = { width: IMAGE_SIZE, height: IMAGE_SIZE, data: new Uint8Array(3 * IMAGE_SIZE ** 2) };
  const { ids } = await model.encode({ id: 'check', prompt: question, image });
  if (String(ids) !== String(liveWords(tokenizer!, tokenizerConfig!, { prompt }).prompt(question)))
    throw unfit(folder, 'the tokenizer of the page gives other tokens than that of the pipeline');
  const { means, over } = await meansOf(model);
  await model.close();
  const copy = async (name: string, path: string) => place.put(`model/${name}`, await readFile(path));
  const eos = config['eos_token_id'];
  return {
    model: {
      vision: await copy('vision.onnx', requireGraph(folder, 'vision')),
      embed: await copy('embed.onnx', requireGraph(folder, 'embed')),
      decoder: await copy('decoder.onnx', requireGraph(folder, 'decoder')),
      tokenizer: await copy('tokenizer.json', join(folder, 'tokenizer.json')),
      tokenizerConfig: await copy('tokenizer-config.json', join(folder, 'tokenizer_config.json')),
    },
    prompt,
    picture: await pictureOf(folder, patches),
    imageToken: (config['image_token_id'] ?? config['image_token_index']) as number,
    bos: (config['bos_token_id'] as number | undefined) ?? null,
    ends: typeof eos === 'number' ? [eos] : [],
    heads,
    dHead,
    means: await place.put('model/means.bin', new Uint8Array(means.buffer)),
    meansOver: over,
  };
}
