import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { f32Tensor, type SafeTensor, writeSafetensors } from '#release/safetensors.ts';
import { collect } from '../data/index.ts';
import { openModel } from './open.ts';
import { momentsOf, writeMoment } from './steps.ts';

const tuned = fileURLToPath(new URL('../../fixtures/demo/tuned', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'steps-'));
afterAll(() => rm(root, { recursive: true }));

async function checkpoint(name: string, tensors: Record<string, SafeTensor>): Promise<void> {
  await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, name, 'model.safetensors'), writeSafetensors(new Map(Object.entries(tensors))));
}

test('checkpoints are found in the order of their steps; a folder without any is named', async () => {
  for (const name of ['0030', '2900', '0000']) await checkpoint(name, {});
  await mkdir(join(root, 'notes'), { recursive: true });
  expect((await momentsOf(root)).map(({ step }) => step)).toEqual([0, 30, 2900]);
  await expect(momentsOf(join(root, 'notes'))).rejects.toThrow(/pair.steps: .*holds no checkpoints/);
});

test('weights of a checkpoint stand in the graphs, half precision too, and the others stay', async () => {
  // The projector's last bias 0.5 and weights 0: every image token is the constant 0.5, whatever the picture.
  await checkpoint('0007', {
    'multi_modal_projector.linear_2.weight': f32Tensor(new Float32Array(128 * 128), [128, 128]),
    'multi_modal_projector.linear_2.bias': {
      ...{ dtype: 'F16', shape: [128], bytes: new Uint8Array(new Uint16Array(128).fill(0x3800).buffer) },
    },
  });
  const out = join(root, 'model');
  await writeMoment(tuned, { step: 7, folder: join(root, '0007') }, out);
  const [now, then] = [await openModel(tuned), await openModel(out)];
  const [sample] = await collect('scenes/spatial', { seed: 0, from: 0, to: 1 });
  const features = await then.imageFeatures([sample!]);
  expect(features.every((v) => v === 0.5)).toBe(true);
  expect((await now.imageFeatures([sample!])).every((v) => v === 0.5)).toBe(false);
  const [a, b] = [await now.encode(sample!, { image: 'none' }), await then.encode(sample!, { image: 'none' })];
  expect(b.embeds).toEqual(a.embeds);
  await Promise.all([now.close(), then.close()]);
});

test('a checkpoint without weights, or of another shape, is a line', async () => {
  await mkdir(join(root, '0009'), { recursive: true });
  await expect(writeMoment(tuned, { step: 9, folder: join(root, '0009') }, join(root, 'x'))).rejects.toThrow(
    /0009 has no model.safetensors/,
  );
  await checkpoint('0010', { 'model.norm.weight': f32Tensor(new Float32Array(4), [4]) });
  await expect(writeMoment(tuned, { step: 10, folder: join(root, '0010') }, join(root, 'y'))).rejects.toThrow(
    /model.norm.weight has not/,
  );
});
