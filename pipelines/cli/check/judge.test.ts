import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { f32Tensor, writeSafetensors } from '#release/safetensors.ts';
import type { Check } from './case.ts';
import { describe as describeOutcome } from './command.ts';
import { findCases } from './find.ts';
import { judgeCase } from './judge.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'parallax-check-'));

function writeCase(dir: string, spec: unknown, expected: Record<string, number[]> = { y: [1, 2] }): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'case.json'), typeof spec === 'string' ? spec : JSON.stringify(spec));
  const tensors = Object.entries(expected).map(
    ([name, data]) => [name, f32Tensor(Float32Array.from(data), [data.length])] as const,
  );
  writeFileSync(join(dir, 'expected.safetensors'), writeSafetensors(new Map(tensors)));
  return dir;
}

const gives =
  (y: number[]): Check =>
  async () => ({ answers: new Map([['y', { shape: [y.length], data: y }]]) });
const throws =
  (message: string): Check =>
  async () => {
    throw new Error(message);
  };
const spec = { kind: 'toy', expected: 'expected.safetensors', tolerance: 1e-3 };
const judge = (dir: string, check: Check) =>
  judgeCase(dir, 'case', async (kind) => (kind === 'toy' ? check : undefined));

describe('judgeCase', () => {
  test.each([
    ['the right answer', spec, gives([1, 2]), true],
    ['an answer outside the tolerance', spec, gives([1, 2.1]), false],
    ['an answer within a tolerance by name', { ...spec, tolerances: { y: 0.2 } }, gives([1, 2.1]), true],
    ['another shape', spec, gives([1, 2, 3]), false],
    ['an error', spec, throws('no'), false],
    ['an error that is expected', { kind: 'toy', expect_error: true }, throws('no'), true],
    ['an answer where an error is expected', { kind: 'toy', expect_error: true }, gives([1, 2]), false],
    ['an error without a message, where one is expected', { kind: 'toy', expect_error: true }, throws(''), false],
    ['a refusal', { ...spec, refusal: 'scaling.factor' }, throws('bad SCALING_FACTOR'), true],
    ['another error than the refusal', { ...spec, refusal: 'scaling.factor' }, throws('no such file'), false],
    ['an unknown kind', { ...spec, kind: 'other' }, gives([1, 2]), false],
    ['no tolerance', { ...spec, tolerance: undefined }, gives([1, 2]), false],
    ['no expected file', { ...spec, expected: 'none.safetensors' }, gives([1, 2]), false],
    ['no inputs file', { ...spec, expect_error: true, inputs: 'none.safetensors' }, throws('no'), false],
    ['no JSON', '{', gives([1, 2]), false],
    ['JSON that is no object', '3', gives([1, 2]), false],
  ])('%s', async (_, json, check, pass) => {
    expect((await judge(writeCase(folder(), json), check)).pass).toBe(pass);
  });

  test('an expected file without tensors cannot pass', async () => {
    expect((await judge(writeCase(folder(), spec, {}), gives([1, 2]))).pass).toBe(false);
  });

  test('the line names kind, case, worst tensor, error and tolerance', async () => {
    const outcome = await judge(writeCase(folder(), spec), gives([1, 2.1]));
    expect(describeOutcome(outcome)).toBe('FAIL  toy  case  y  5.00e-2  tolerance 1.00e-3');
  });
});

describe('findCases', () => {
  test('finds cases at any depth, in order, and follows a link once', async () => {
    const root = folder();
    writeCase(join(root, 'b'), spec);
    writeCase(join(root, 'a/deep'), spec);
    symlinkSync(root, join(root, 'a/loop'));
    expect((await findCases(root)).map(({ name }) => name)).toEqual(['a/deep', 'b']);
    expect((await findCases(join(root, 'b'))).map(({ name }) => name)).toEqual(['b']);
  });

  test('a missing folder is misuse, an empty one a failure', async () => {
    await expect(findCases('/no/such/folder')).rejects.toMatchObject({ misuse: true });
    await expect(findCases(folder())).rejects.toMatchObject({ misuse: false });
  });
});
