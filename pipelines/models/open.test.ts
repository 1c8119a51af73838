import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '#graph/onnx/model.ts';
import { numbersOf, tensorValue } from '#graph/onnx/values.ts';
import { dataset, type Sample } from '../data/index.ts';
import { openModel, TOKEN_CLASS, type TracedModel } from './index.ts';

const DEMO = fileURLToPath(new URL('../../fixtures/demo/', import.meta.url));

async function first(name: string): Promise<Sample> {
  for await (const sample of dataset(name, { seed: 1, from: 0, to: 1 })) return sample;
  throw new Error('empty data set');
}

describe('the tuned model of the demo pair', () => {
  let model: TracedModel;
  let sample: Sample;
  beforeAll(async () => {
    model = await openModel(`${DEMO}tuned`, { role: 'tuned' });
    sample = await first('scenes/spatial');
  });
  afterAll(() => model.close());

  it('reads a sample as BOS, a grid of patches, question and answer', async () => {
    const { ids, classes, afterImage, embeds } = await model.encode(sample, { answer: true });
    const { rows, columns } = model.patches!;
    expect([rows, columns, afterImage]).toEqual([7, 7, 50]);
    expect([...classes.subarray(0, 51)]).toEqual([
      TOKEN_CLASS.dropped,
      ...new Array(49).fill(TOKEN_CLASS.image),
      TOKEN_CLASS.text,
    ]);
    const text = [...ids.subarray(afterImage)].map(model.tokenText).join('');
    expect(text).toBe(`\nUSER: ${sample.prompt}\nASSISTANT: ${sample.answer}`);
    expect(embeds!.length).toBe(ids.length * 128);
    const features = await model.imageFeatures([sample]);
    expect(embeds!.subarray(128, 128 + features.length)).toEqual(features);
  });

  it('stands one mean row at every patch, or no picture', async () => {
    const meanImage = Float32Array.from({ length: 128 }, (_, i) => i);
    const mean = await model.encode(sample, { image: 'mean', meanImage });
    expect(mean.embeds!.subarray(49 * 128, 50 * 128)).toEqual(meanImage);
    const none = await model.encode(sample, { image: 'none' });
    expect(none.afterImage).toBe(0);
    expect(none.ids.length).toBe(mean.ids.length - 49);
    await expect(model.encode(sample, { image: 'mean' })).rejects.toThrow(/meanImage has 0 numbers, not 128/);
  });

  it('answers a sample alike alone and in a padded batch', async () => {
    const short = await model.encode({ id: 'a', prompt: 'Where?' });
    const long = await model.encode(sample);
    const last = async (batch: (typeof short)[]) => {
      const { logits } = await model.decoder.run(model.inputs(batch), { taps: ['logits'] });
      const at = (short.ids.length - 1) * 1024;
      return logits!.data.subarray(at, at + 1024);
    };
    const [alone, together] = [await last([short]), await last([short, long])];
    expect(Math.max(...alone.map((value, i) => Math.abs(value - together[i]!)))).toBeLessThan(1e-4);
  });

  it('unembeds directions through the final norm, as a product of its weights', async () => {
    const directions = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * i));
    const effects = await model.unembed(directions);
    const graph = await readModel(`${DEMO}tuned/onnx/decoder_model_merged.onnx`);
    const weight = (name: string) => {
      const proto = graph.proto.graph.initializer.find((tensor) => tensor.name === name)!;
      return numbersOf(tensorValue(proto, graph.external));
    };
    const gamma = weight('model.layers.6.final_norm_layernorm.weight');
    const head = weight('lm_head.MatMul.weight');
    for (const k of [0, 1])
      for (const token of [0, 7, 371, 1023]) {
        let product = 0;
        for (let j = 0; j < 128; j++) product += directions[k * 128 + j]! * gamma[j]! * head[j * 1024 + token]!;
        expect(effects[k * 1024 + token]).toBeCloseTo(product, 4);
      }
  });
});

describe('a broken model folder', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parallax-model-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  async function broken(name: string, from: string, change: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(root, name);
    await cp(DEMO + from, folder, { recursive: true });
    await change(folder);
    return folder;
  }

  it('is named, with what is missing', async () => {
    const lost = await broken('lost', 'tuned', (folder) => rm(join(folder, 'onnx/embed_tokens.onnx')));
    await expect(openModel(lost)).rejects.toThrow(/lost has no onnx\/embed_tokens\.onnx/);
    const blind = await broken('blind', 'base', async () => {});
    await expect(openModel(blind, { role: 'tuned' })).rejects.toThrow(/blind has no onnx\/vision_encoder\.onnx/);
    await expect(openModel(join(root, 'nowhere'))).rejects.toThrow(/nowhere does not exist/);
    const mute = await broken('mute', 'base', (folder) => rm(join(folder, 'tokenizer.json')));
    await expect(openModel(mute)).rejects.toThrow(/mute has no tokenizer that can be read/);
  });

  it.each(['decoder_model_merged', 'vision_encoder', 'embed_tokens'])('says that %s is truncated', async (graph) => {
    const folder = await broken(graph, 'tuned', (f) => truncate(join(f, `onnx/${graph}.onnx`), 100_000));
    const failure: Error & { next?: string } = await openModel(folder).catch((error) => error);
    expect(failure.message).toContain(`onnx/${graph}.onnx does not open`);
    expect(failure.message).not.toContain('\n');
    expect(failure.next).toBeTruthy();
  });

  it.each([
    ['a larger vocabulary', /ids up to 1024, its decoder 1024 tokens/, (t: Vocabulary) => ({ ...t, zzz: 1024 })],
    ['another BOS', /config\.json says bos_token_id 1, its tokenizer 7/, (t: Vocabulary) => ({ ...t, '<s>': 7, $: 1 })],
  ])('refuses a tokenizer with %s', async (name, message, change) => {
    const folder = await broken(name, 'base', async (f) => {
      const path = join(f, 'tokenizer.json');
      const tokenizer = JSON.parse(await readFile(path, 'utf8'));
      tokenizer.model.vocab = change(tokenizer.model.vocab);
      tokenizer.added_tokens[1].id = tokenizer.model.vocab['<s>'];
      await writeFile(path, JSON.stringify(tokenizer));
    });
    await expect(openModel(folder)).rejects.toThrow(message);
  });
});

type Vocabulary = Readonly<Record<string, number>>;
