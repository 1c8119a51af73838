import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  AutoModelForCausalLM,
  AutoProcessor,
  AutoTokenizer,
  LlavaForConditionalGeneration,
  RawImage,
  type Tensor,
} from '@huggingface/transformers';
import { afterAll, describe, expect, test } from 'vitest';
import { parseSafetensors } from '../../pipelines/release/safetensors.ts';
import { oneLine, parallax } from './words.ts';

const BIN = fileURLToPath(new URL('../../pipelines/cli/bin.mjs', import.meta.url));
const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'parallax-train-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

/** A training of the demo's shape that is over in seconds. */
const SMALL: Readonly<Record<string, unknown>> = {
  evaluate: 1,
  saveEvery: 1,
  logEvery: 2,
  ...Object.fromEntries(['encoder', 'base', 'align', 'tuned', 'control'].map((name) => [`stages.${name}.rows`, 1])),
  'stages.encoder.steps': 2,
  'stages.base.steps': 8,
  'stages.align.steps': 1,
  'stages.tuned.steps': 2,
  'stages.base.length': 64,
  'stages.tuned.length': 96,
};
const words = (out: string, stage: string) => [
  ...['train', 'demo', '--out', out, '--stage', stage],
  ...Object.entries(SMALL).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
];
const checkpoint = (out: string, name: string) => join(out, 'checkpoints', `${name}.safetensors`);
const log = (out: string, name: string) =>
  readFileSync(join(out, 'log', `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('parallax train demo', () => {
  const whole = folder();

  test('trains every part that the tuned model needs, writes and measures it', () => {
    const said = parallax(['--json', ...words(whole, 'tuned')]);
    expect(said.err).not.toMatch(/parallax: /);
    expect(said.code).toBe(0);
    const manifest = JSON.parse(said.out);
    expect(manifest).toEqual(JSON.parse(readFileSync(join(whole, 'manifest.json'), 'utf8')));
    expect(manifest.models.map(({ role }: { role: string }) => role)).toEqual(['tuned']);
    expect(Object.keys(manifest.evaluation)).toHaveLength(3);
    expect(manifest.config.stages.base.steps).toBe(8);
    const base = log(whole, 'base');
    expect(base.map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    expect(base[3].loss).toBeLessThan(base[0].loss);
    const snapshot = parseSafetensors(readFileSync(join(whole, 'steps/00000/model.safetensors')));
    expect(snapshot.get('model.layers.5.self_attn.q_proj.weight')?.shape).toEqual([256, 128]);
    expect(snapshot.get('multi_modal_projector.linear_1.weight')?.shape).toEqual([128, 96]);
  });

  test('is done when it is asked again, and writes the same files', () => {
    const before = readFileSync(join(whole, 'manifest.json'), 'utf8');
    const said = parallax(words(whole, 'tuned'));
    expect({ code: said.code, out: said.out }).toEqual({ code: 0, out: `${whole}\n` });
    expect(said.err).not.toMatch(/started/);
    expect(readFileSync(join(whole, 'manifest.json'), 'utf8')).toBe(before);
  });

  test('keeps what an earlier call wrote when another part is asked for', () => {
    expect(parallax(words(whole, 'base')).code).toBe(0);
    const manifest = JSON.parse(readFileSync(join(whole, 'manifest.json'), 'utf8'));
    expect(manifest.models.map(({ role }: { role: string }) => role)).toEqual(['base', 'tuned']);
    expect(Object.keys(manifest.evaluation)).toHaveLength(4);
    expect(Object.keys(manifest.perplexities).sort()).toEqual(['base', 'tuned']);
  });

  test('killed on the way, it goes on to the same bytes', async () => {
    const out = folder();
    const child = spawn(process.execPath, ['--no-warnings', BIN, ...words(out, 'base')], { stdio: 'ignore' });
    while (!existsSync(checkpoint(out, 'base'))) await wait(20);
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
    expect(existsSync(join(out, 'base'))).toBe(false);
    expect(parallax(words(out, 'base')).code).toBe(0);
    expect(readFileSync(checkpoint(out, 'base')).equals(readFileSync(checkpoint(whole, 'base')))).toBe(true);
    expect(log(out, 'base').map(({ step }) => step)).toEqual([2, 4, 6, 8]);

    const tokenizer = await AutoTokenizer.from_pretrained(join(out, 'base'), { local_files_only: true });
    const model = await AutoModelForCausalLM.from_pretrained(join(out, 'base'), {
      local_files_only: true,
      dtype: 'fp32',
    });
    const asked = tokenizer('There is a cat.', {});
    const answer = (await model.generate({ ...asked, max_new_tokens: 4, do_sample: false })) as Tensor;
    expect(Number(answer.dims[1])).toBeGreaterThan(Number(asked.input_ids.dims[1]));
    await model.dispose();
  });

  test('its tuned model answers a question about a picture in transformers.js', async () => {
    const path = join(whole, 'tuned');
    const processor = await AutoProcessor.from_pretrained(path, { local_files_only: true });
    const model = await LlavaForConditionalGeneration.from_pretrained(path, { local_files_only: true, dtype: 'fp32' });
    const picture = new RawImage(new Uint8ClampedArray(112 * 112 * 3).fill(90), 112, 112, 3);
    const inputs = await processor(picture, '<image>\nUSER: Is there a cat?\nASSISTANT:');
    const answer = (await model.generate({ ...inputs, max_new_tokens: 3, do_sample: false })) as Tensor;
    expect(Number(answer.dims[1])).toBeGreaterThan(Number(inputs.input_ids.dims[1]));
    await model.dispose();
  });
});

test.each([
  ['an unknown part', ['--stage', 'decoder'], /--stage decoder is unknown/],
  ['a misspelt setting', ['--set', 'stages.base.row=3'], /stages\.base\.row is not a setting/],
  ['a shape that no template has', ['--set', 'decoder.d=64'], /decoder\.d is 64/],
])('%s is misuse', (_, given, what) => {
  const { code, out, err } = parallax(['train', 'demo', '--out', folder(), ...given]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(oneLine(what));
});
