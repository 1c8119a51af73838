import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '#graph/onnx/build.ts';
import { f32, i64 } from '#graph/tensor.ts';
import { openModel, TOKEN_CLASS } from './index.ts';

const TUNED = fileURLToPath(new URL('../../fixtures/demo/tuned', import.meta.url));
const SIDE = 28;
const PATCHES = 4;

/** An encoder with the inputs of Idefics3: frames `[batch, frame, 3, side, side]` and their mask; four patches of width 128. */
function framedEncoder(): Uint8Array {
  const g = new GraphBuilder();
  const pixels = g.input('pixel_values', 'float32', ['batch', 'frames', 3, SIDE, SIDE]);
  g.input('pixel_attention_mask', 'bool', ['batch', 'frames', SIDE, SIDE]);
  const width = (3 * SIDE * SIDE) / PATCHES;
  const flat = g.op('Reshape', [pixels, g.constant(i64([-1, PATCHES, width]))]);
  const weights = f32(
    Float32Array.from({ length: width * 128 }, (_, i) => Math.sin(i) / 10),
    [width, 128],
  );
  g.output(g.op('MatMul', [flat, g.constant(weights)]), 'image_features', 'float32', ['images', PATCHES, 128]);
  return g.toBytes();
}

const PREPROCESSOR = {
  image_processor_type: 'Idefics3ImageProcessor',
  processor_class: 'Idefics3Processor',
  do_image_splitting: true,
  do_resize: true,
  do_rescale: true,
  do_normalize: true,
  do_pad: true,
  rescale_factor: 1 / 255,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  size: { longest_edge: 2 * SIDE },
  max_image_size: { longest_edge: SIDE },
};

describe('a model whose processor cuts pictures into tiles', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'parallax-framed-')), 'model');
    await cp(TUNED, folder, { recursive: true });
    await writeFile(join(folder, 'onnx/vision_encoder.onnx'), framedEncoder());
    await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify(PREPROCESSOR));
    const processor = { processor_class: 'Idefics3Processor', image_seq_len: PATCHES };
    await writeFile(join(folder, 'processor_config.json'), JSON.stringify(processor));
  });
  afterAll(() => rm(join(folder, '..'), { recursive: true }));

  it('reads the whole picture as one frame between its marks', async () => {
    const model = await openModel(folder, { role: 'tuned' });
    expect(model.patches).toEqual({ rows: 2, columns: 2, imageSize: SIDE });
    const data = Uint8Array.from({ length: 3 * 40 * 40 }, (_, i) => i % 251);
    const sample = { id: 'a', prompt: 'Where is it?', image: { width: 40, height: 40, data } };
    const { ids, classes, embeds } = await model.encode(sample);
    const first = classes.indexOf(TOKEN_CLASS.image);
    expect([...classes.subarray(first, first + PATCHES)]).toEqual(new Array(PATCHES).fill(TOKEN_CLASS.image));
    expect(classes.filter((kind) => kind === TOKEN_CLASS.image).length).toBe(PATCHES);
    const before = [...ids.subarray(1, first)].map(model.tokenText).join('');
    expect(before).toBe('<fake_token_around_image><global-img>');
    const features = await model.imageFeatures([sample, sample]);
    expect(features.length).toBe(2 * PATCHES * 128);
    expect(embeds!.subarray(first * 128, (first + PATCHES) * 128)).toEqual(features.subarray(0, PATCHES * 128));
    await model.close();
  });

  it('is refused where its prompts are not known', async () => {
    const path = join(folder, 'preprocessor_config.json');
    const before = await readFile(path, 'utf8');
    await writeFile(path, JSON.stringify({ ...PREPROCESSOR, processor_class: 'OtherProcessor' }));
    await writeFile(join(folder, 'processor_config.json'), JSON.stringify({ processor_class: 'OtherProcessor' }));
    await expect(openModel(folder)).rejects.toThrow(/OtherProcessor/);
    await writeFile(path, before);
  });
});
