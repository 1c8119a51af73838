import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { f32Tensor, type SafeTensor, writeSafetensors } from '#release/safetensors.ts';
import { createEncoder } from '../encode.ts';
import { loadDictionary, loadSae } from './index.ts';
import { toFloat32, transpose } from './weights.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'formats-'));
});
afterAll(() => rm(root, { recursive: true }));

const [d, n] = [3, 5];
const draw = (length: number, seed: string) => {
  const source = random(seed);
  return Float32Array.from({ length }, () => source.normal());
};
type Tensors = Record<string, readonly [data: Float32Array, shape: readonly number[]]>;
const file = (tensors: Tensors) =>
  writeSafetensors(new Map(Object.entries(tensors).map(([name, [data, shape]]) => [name, f32Tensor(data, shape)])));

async function folder(name: string, files: Record<string, Uint8Array | object>): Promise<string> {
  const dir = await mkdtemp(join(root, name));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return dir;
}

const weights: Tensors = {
  W_enc: [draw(d * n, 'e'), [d, n]],
  W_dec: [draw(n * d, 'd'), [n, d]],
  b_enc: [draw(n, 'b'), [n]],
  b_dec: [draw(d, 'c'), [d]],
  threshold: [draw(n, 't').map(Math.abs), [n]],
};
const config = {
  ...{ d_in: d, d_sae: n, architecture: 'standard', apply_b_dec_to_input: true, normalize_activations: 'none' },
  metadata: { sae_lens_version: '6.30.1' },
};
const saelens = (over: object = {}, tensors: Tensors = {}) =>
  folder('saelens', {
    'cfg.json': { ...config, ...over },
    'sae_weights.safetensors': file({ ...weights, ...tensors }),
  });

async function preacts(dir: string): Promise<Float32Array> {
  const encoder = await createEncoder(await loadSae(dir));
  const z = await encoder.preacts(draw(4 * d, 'x'), 4);
  await encoder.close();
  return z;
}

describe('SAELens: what its configurations mean', () => {
  const flat = { d_in: d, d_sae: n, hook_name: 'blocks.0.hook_resid_post' };
  const old = (over: object, tensors: Tensors = {}) =>
    folder('old', { 'cfg.json': { ...flat, ...over }, 'sae_weights.safetensors': file({ ...weights, ...tensors }) });

  test('before version 6: absent fields have their defaults', async () => {
    const { sae, hookZ } = await loadDictionary(await old({}));
    expect(sae).toMatchObject({ activation: 'relu', applyBDec: true, scale: 1 });
    expect(sae.norm).toBeUndefined();
    expect(hookZ).toBe(false);
  });
  test('before version 6: activation_fn_str wins, hook_z is flattened, hook_point is hook_name', async () => {
    const topk = await loadDictionary(
      await old({ architecture: 'gated', activation_fn_str: 'topk', activation_fn_kwargs: { k: 2 } }),
    );
    expect(topk.sae).toMatchObject({ activation: 'topk', k: 2 });
    expect((await loadDictionary(await old({ hook_name: 'blocks.0.attn.hook_z' }))).hookZ).toBe(true);
    expect((await loadDictionary(await old({ hook_name: undefined, hook_point: 'blocks.0.attn.hook_z' }))).hookZ).toBe(
      true,
    );
    expect((await loadDictionary(await old({ normalize_activations: 'layer_norm' }))).sae.norm).toBe('layer');
  });
  test('a scaling factor: ones are nothing, others must be meant', async () => {
    const ones: Tensors = { scaling_factor: [new Float32Array(n).fill(1), [n]] };
    const twos: Tensors = { scaling_factor: [new Float32Array(n).fill(2), [n]] };
    expect((await loadSae(await old({}, ones))).wDec).toEqual(weights['W_dec']![0]);
    await expect(loadSae(await old({}, twos))).rejects.toThrow(/finetuning_scaling_factor is false/);
    const meant = await loadSae(await old({ finetuning_scaling_factor: true }, twos));
    expect(meant.wDec).toEqual(weights['W_dec']![0].map((v) => 2 * v));
  });
  test('half precision is read as it is', async () => {
    const bf16 = {
      dtype: 'BF16',
      shape: [n],
      bytes: new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0, 0x3e80, 0x4049).buffer),
    };
    expect([...toFloat32(bf16 as SafeTensor)]).toEqual([1, -2, 0, 0.25, 3.140625]);
    const f16 = { dtype: 'F16', shape: [2], bytes: new Uint8Array(Uint16Array.of(0x3c00, 0xb800).buffer) };
    expect([...toFloat32(f16 as SafeTensor)]).toEqual([1, -0.5]);
  });
  test('d must be that of the weights, and b_dec is taken from the input only where it says so', async () => {
    const [applied, not] = [
      await preacts(await saelens()),
      await preacts(await saelens({ apply_b_dec_to_input: false })),
    ];
    const shift = Array.from({ length: n }, (_, i) =>
      [0, 1, 2].reduce((s, j) => s + weights['b_dec']![0][j]! * weights['W_enc']![0][j * n + i]!, 0),
    );
    for (const [i, v] of not.entries()) expect(v - applied[i]!).toBeCloseTo(shift[i % n]!, 4);
  });
});

describe('a plain state dict, told by dictionary.json', () => {
  const said = { activation: 'jumprelu', scale: 0.5, apply_b_dec: false };
  const plain = (tensors: Tensors, over: object = {}) =>
    folder('plain', { 'dictionary.json': { ...said, ...over }, 'layer12/weights.safetensors': file(tensors) });
  const across = (data: Float32Array, rows: number, columns: number) => transpose(data, rows, columns);
  const { W_enc, W_dec, b_enc, b_dec, threshold } = weights as Record<string, readonly [Float32Array, number[]]>;

  test('names and orientation of torch and of the field give the same dictionary', async () => {
    const field = await loadDictionary(await plain(weights));
    const torch = await loadDictionary(
      await plain({
        'encoder.weight': [across(W_enc![0], d, n), [n, d]],
        'decoder.weight': [across(W_dec![0], n, d), [d, n]],
        'encoder.bias': b_enc!,
        'decoder.bias': b_dec!,
        log_threshold: [threshold![0].map(Math.log), [n]],
      }),
    );
    expect(field.format).toBe('state-dict');
    expect(field.sae).toMatchObject({ d, n, activation: 'jumprelu', scale: 0.5, applyBDec: false, wEnc: W_enc![0] });
    const { threshold: mine, ...rest } = torch.sae;
    expect({ ...rest, threshold: field.sae.threshold }).toEqual(field.sae);
    for (const [i, v] of mine!.entries()) expect(v).toBeCloseTo(threshold![0][i]!, 6);
  });
  test('one threshold stands for all features; topk takes k', async () => {
    const one = await loadSae(await plain({ ...weights, threshold: [Float32Array.of(0.3), [1]] }));
    expect([...one.threshold!]).toEqual(new Array(n).fill(Math.fround(0.3)));
    expect(await loadSae(await plain(weights, { activation: 'topk', k: 2 }))).toMatchObject({
      activation: 'topk',
      k: 2,
    });
  });
  test.each<[string, () => Promise<string>, RegExp]>([
    ['nothing is guessed', () => plain(weights, { scale: undefined }), /dictionary.json: scale/],
    ['an unknown activation', () => plain(weights, { activation: 'tanh' }), /dictionary.json: activation/],
    ['topk without k', () => plain(weights, { activation: 'topk' }), /k is missing/],
    ['two encoders', () => plain({ ...weights, w_enc: W_enc! }), /more than one tensor named W_enc/],
    ['no decoder', () => plain({ W_enc: W_enc!, b_enc: b_enc!, b_dec: b_dec! }), /no tensor named W_dec/],
    ['a decoder of another width', () => plain({ ...weights, W_dec: [draw(n * 2, 'd'), [n, 2]] }), /W_dec has shape/],
    [
      'two files',
      () => folder('x', { 'dictionary.json': said, 'a.safetensors': file(weights), 'b.safetensors': file(weights) }),
      /there are 2 files/,
    ],
  ])('%s is refused', async (_name, make, message) => {
    await expect(loadDictionary(await make())).rejects.toThrow(message);
  });
});

describe('what cannot be used is refused in one line that says what to do', () => {
  const nan = draw(n * d, 'd');
  nan[4] = Number.NaN;
  test.each<[string, () => Promise<string>, RegExp]>([
    ['NaN', () => saelens({}, { W_dec: [nan, [n, d]] }), /W_dec holds NaN at element 4/],
    ['wrong width', () => saelens({ d_in: 4 }), /W_enc has shape \[3, 5\], \[4, 5\] expected/],
    ['unknown architecture', () => saelens({ architecture: 'temporal' }), /architecture temporal is unknown/],
    ['no k', () => saelens({ architecture: 'topk' }), /k is missing/],
    [
      'no threshold',
      () => saelens({ architecture: 'jumprelu' }, { threshold: [draw(2, 't'), [2]] }),
      /threshold has shape/,
    ],
    ['missing tensor', () => saelens({ architecture: 'gated' }), /tensor b_gate is missing/],
    ['unknown norm', () => saelens({ normalize_activations: 'expected_average_only_in' }), /normalize_activations/],
    ['field of another type', () => saelens({ d_sae: 'many' }), /d_sae/],
    [
      'not JSON',
      () => folder('x', { 'cfg.json': new Uint8Array([1, 2]), 'sae_weights.safetensors': file(weights) }),
      /cfg.json: not JSON/,
    ],
    ['a lone pickle', () => folder('x', { 'sae.pt': new Uint8Array(9) }), /sae.pt is pickled Python, which is not run/],
    ['weights alone', () => folder('x', { 'w.safetensors': file(weights) }), /safetensors without the configuration/],
    ['no weights', () => folder('x', { 'cfg.json': config }), /no known format/],
    [
      'two formats',
      () =>
        folder('x', { 'cfg.json': config, 'sae_weights.safetensors': file(weights), 'params.npz': new Uint8Array() }),
      /more than one format/,
    ],
    ['GLU encoder', () => scope({ use_glu_encoder: true }), /use_glu_encoder/],
    ['other norm', () => scope({ norm_activation: 'token-wise' }), /norm_activation/],
    ['transcoder', () => sparse({ transcode: true }), /transcode/],
  ])('%s', async (_name, make, message) => {
    const error = await loadDictionary(await make()).then(
      () => undefined,
      (e: Error & { next?: string }) => e,
    );
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('\n');
    expect(error?.next).toMatch(/\w/);
  });
  test('no folder', async () => {
    await expect(loadDictionary(join(root, 'none'))).rejects.toThrow(/no such folder/);
    await expect(loadDictionary('none')).rejects.toThrow(/no such folder/);
  });
  const scope = (over: object) =>
    folder('scope', {
      'hyperparams.json': {
        ...{
          d_model: d,
          hook_point_in: 'x',
          act_fn: 'jumprelu',
          norm_activation: 'dataset-wise',
          jump_relu_threshold: 0.1,
        },
        ...{ dataset_average_activation_norm: { in: 3 }, ...over },
      },
      'checkpoints/final.safetensors': file({}),
    });
  const sparse = (over: object) =>
    folder('sparse', { 'cfg.json': { d_in: d, num_latents: n, k: 2, ...over }, 'sae.safetensors': file({}) });
});
