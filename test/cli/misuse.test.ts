import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../pipelines/cli/program.ts';
import { oneLine, parallax } from './words.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/demo', import.meta.url));
const folder = () => mkdtempSync(join(tmpdir(), 'parallax-words-'));

describe('misuse', () => {
  test.each([
    ['an unknown command', ['bogus'], /unknown command/],
    ['no argument', ['check'], /missing required argument/],
    ['an unknown option', ['run', '--worker', '2'], /unknown option/],
    ['a number of workers that is none', ['run', '--workers', '0'], /whole number from 1/],
    ['an unknown device', ['run', '--device', 'tpu'], /Allowed choices are cpu, webgpu, cuda/],
  ])('%s is exit code 2', (_, words, what) => {
    expect(parallax(words)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(what) });
  });

  test.each([
    ['an unknown preset', ['run', 'dmo'], /"dmo"/],
    ['a missing config file', ['run', './none.json'], /none\.json/],
    ['a misspelt key', ['run', '--set', 'sae.featurs=8'], /sae\.featurs.*did you mean sae\.features/],
    [
      'a layer out of range',
      ['run', '--set', 'layers=[40]'],
      /layer 40 does not exist: this decoder has 6 layers, 0-5/,
    ],
    ['a folder of cases that is not there', ['check', '/no/such/folder'], /no\/such\/folder/],
  ])('%s is exit code 2, in one line with the next step, and nothing is written', (_, words, what) => {
    const cwd = folder();
    const { code, out, err } = parallax(words, { cwd });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^parallax: [^\n]+ - [^\n]+\n$/);
    expect(err).toMatch(what);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('help', () => {
  const named = (command: Command, above: string[]): string[][] => {
    const words = [...above, command.name()];
    return [words, ...command.commands.flatMap((inner) => named(inner, words))];
  };
  const commands = createProgram().commands.flatMap((command) => named(command, []));

  test.each(commands.map((words) => [words.join(' '), words] as const))(
    '%s explains itself with an example',
    (_, words) => {
      let said = '';
      const program = createProgram();
      const listen = (command: Command) => {
        command.configureOutput({
          writeOut: (text) => {
            said += text;
          },
        });
        command.commands.forEach(listen);
      };
      listen(program);
      expect(() => program.parse([...words, '--help'], { from: 'user' })).toThrow('(outputHelp)');
      expect(said).toMatch(/^Usage: parallax/);
      expect(said).toMatch(/Examples?:\n(?: {2}\$ [^\n]+\n)*? {2}\$ (PORT=\d+ )?parallax/);
    },
  );

  test('the whole program too', () => {
    expect(parallax(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('$ parallax run demo') });
  });
});

describe('a damaged model', () => {
  /** A pair whose tuned model was damaged, as a small run on it. */
  const damaged = (damage: (tuned: string) => void): string[] => {
    const dir = folder();
    cpSync(join(FIXTURES, 'tuned'), join(dir, 'tuned'), { recursive: true });
    damage(join(dir, 'tuned'));
    const file = join(dir, 'config.json');
    writeFileSync(
      file,
      JSON.stringify({ extends: 'demo', pair: { tuned: './tuned' }, data: { textSamples: 16, multimodalSamples: 16 } }),
    );
    return ['run', file, '--out', join(dir, 'out'), '--workers', '1', '--quiet'];
  };

  /** Gives the tokenizer a word more than the decoder knows. */
  const anotherTokenizer = (dir: string) => {
    const file = join(dir, 'tokenizer.json');
    const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
    tokenizer.model.vocab['unheard-of'] = 5000;
    writeFileSync(file, JSON.stringify(tokenizer));
  };

  test.each([
    ["another model's tokenizer", anotherTokenizer, /its tokenizer has ids up to 5000, its decoder 1024 tokens/],
    ['a missing folder', (dir: string) => rmSync(dir, { recursive: true }), /pair\.tuned: .*tuned does not exist/],
    ['a missing config', (dir: string) => rmSync(join(dir, 'config.json')), /pair\.tuned: .*config\.json/],
    [
      'a missing graph',
      (dir: string) => rmSync(join(dir, 'onnx/decoder_model_merged.onnx')),
      /decoder_model_merged\.onnx/,
    ],
    [
      'a truncated graph',
      (dir: string) => truncateSync(join(dir, 'onnx/decoder_model_merged.onnx'), 100_000),
      /decoder_model_merged\.onnx/,
    ],
    ['an empty graph', (dir: string) => truncateSync(join(dir, 'onnx/vision_encoder.onnx'), 0), /vision_encoder\.onnx/],
    [
      'a truncated tokenizer',
      (dir: string) => truncateSync(join(dir, 'tokenizer.json'), 1000),
      /tuned has no tokenizer/,
    ],
    [
      "another model's size",
      (dir: string) =>
        writeFileSync(
          join(dir, 'config.json'),
          JSON.stringify({ num_hidden_layers: 6, hidden_size: 64, num_attention_heads: 8 }),
        ),
      /hidden_size is 64, and 128/,
    ],
  ])('%s is one line that names it', (_, damage, what) => {
    const { code, out, err } = parallax(damaged(damage));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(oneLine(what));
  });
});

test('--version prints one, and npx finds the command in a checkout', () => {
  expect(parallax(['--version']).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(existsSync(fileURLToPath(new URL('../../node_modules/.bin/parallax', import.meta.url)))).toBe(true);
});
