import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sumTree } from '../../pipelines/cli/run/hash-files.ts';
import { type Progress, silent } from '../../pipelines/cli/run/progress.ts';
import { runStages } from '../../pipelines/cli/run/run.ts';
import { toy, toyPlan } from '../fixtures-stages/plan.ts';

const MAIN = fileURLToPath(new URL('../fixtures-stages/main.ts', import.meta.url));
const folder = () => mkdtempSync(join(tmpdir(), 'parallax-run-'));
const tree = (out: string) => sumTree(join(out, 'stages'));
const start = (out: string, workers = 2): ChildProcess =>
  spawn(process.execPath, ['--no-warnings', MAIN, out, String(workers)], { stdio: ['ignore', 'ignore', 'pipe'] });

async function end(child: ChildProcess): Promise<{ code: number | null; words: string }> {
  let words = '';
  child.stderr!.on('data', (text) => {
    words += text;
  });
  const [code] = await once(child, 'close');
  return { code, words };
}

/** Runs in this process, and tells which stages were done anew. */
async function run(
  out: string,
  plan = toyPlan(),
  options: { workers?: number; trust?: boolean } = {},
): Promise<string[]> {
  const ran: string[] = [];
  const progress: Progress = { ...silent, start: (stage) => ran.push(stage) };
  await runStages(plan, { out, workers: 2, device: 'cpu', ...options, progress: () => progress });
  return ran.sort();
}

const undisturbed = folder();
const reference = run(undisturbed, toyPlan(), { workers: 1 }).then(() => tree(undisturbed));
const folderOf = (out: string, stage: string) =>
  join(out, 'stages', readdirSync(join(out, 'stages')).find((name) => name.startsWith(stage))!);

describe('bytes', () => {
  test('do not depend on the number of processes', async () => {
    const out = folder();
    await run(out, toyPlan(), { workers: 3 });
    expect(await tree(out)).toEqual(await reference);
  });

  test('do not depend on kills: ten at different moments, each followed by a restart', async () => {
    const out = folder();
    for (let kill = 0; kill < 10; kill += 1) {
      const child = start(out);
      const ended = end(child);
      await wait(150 + kill * 70);
      child.kill('SIGKILL');
      await ended;
    }
    expect((await end(start(out))).code).toBe(0);
    expect(await tree(out)).toEqual(await reference);
  });
});

describe('a second run', () => {
  test('does nothing twice', async () => {
    const out = folder();
    expect((await run(out)).length).toBe(8);
    expect(await run(out)).toEqual([]);
  });

  test('does what depends on a changed setting, and no more', async () => {
    const out = folder();
    await run(out);
    expect(await run(out, toyPlan({ seed: 8 }))).toEqual(['join']);
    const changed = toyPlan().map((stage) => (stage.name === 'train/D' ? { ...stage, version: 2 } : stage));
    expect(await run(out, changed)).toEqual(['diff', 'join', 'train/D']);
  });

  test('does what depends on a changed outside file', async () => {
    const [out, data] = [folder(), folder()];
    writeFileSync(join(data, 'x'), 'a');
    const plan = [{ ...toy('read'), files: { data } }, toy('other')];
    expect(await run(out, plan)).toEqual(['other', 'read']);
    writeFileSync(join(data, 'x'), 'b');
    expect(await run(out, plan)).toEqual(['read']);
  });

  test.each([
    ['a flipped byte', (dir: string) => writeFileSync(join(dir, 'result'), 'an unfinished fil_')],
    ['a truncated file', (dir: string) => truncateSync(join(dir, 'result'), 3)],
    ['a missing file', (dir: string) => rmSync(join(dir, 'deep/er/state.txt'))],
    ['a file too many', (dir: string) => writeFileSync(join(dir, 'extra'), '')],
    ['a lost record', (dir: string) => rmSync(join(dir, 'stage.json'))],
    ['a record that is no JSON', (dir: string) => writeFileSync(join(dir, 'stage.json'), '{')],
  ])('finds %s and does that stage again', async (_, damage) => {
    const out = folder();
    await run(out);
    damage(folderOf(out, 'train-M'));
    expect(await run(out)).toEqual(['train/M']);
    expect(await tree(out)).toEqual(await reference);
  });
});

describe('two runs at once', () => {
  test('the second is refused with one line, the first goes on', async () => {
    const out = folder();
    const first = start(out);
    const ended = end(first);
    while (!statSync(join(out, 'run.json'), { throwIfNoEntry: false })) await wait(20);
    first.kill('SIGSTOP');
    const second = await end(start(out));
    first.kill('SIGCONT');
    expect(second).toMatchObject({
      code: 1,
      words: expect.stringMatching(/^another run is at work in .* \(process \d+\)\n$/),
    });
    expect((await ended).code).toBe(0);
    expect(await tree(out)).toEqual(await reference);
  });
});

test('Ctrl-C stops with exit code 130 and leaves a run that goes on', async () => {
  const out = folder();
  const child = start(out);
  const ended = end(child);
  while (!statSync(join(out, 'logs'), { throwIfNoEntry: false })) await wait(20);
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 130, words: 'stopped\n' });
  await run(out);
  expect(await tree(out)).toEqual(await reference);
});

describe('a stage that fails', () => {
  test.each([
    ['with an error', 'error', { message: 'stage join: the toy broke', next: 'mend the toy' }],
    ['on a full disk', 'full-disk', { message: expect.stringMatching(/^stage join: ENOSPC/), code: 'ENOSPC' }],
    [
      'by a crash',
      'crash',
      { message: 'stage join: its process died (exit code 7)', next: expect.stringMatching(/logs\/join\.log/) },
    ],
  ])('%s is named, and loses nothing', async (_, trouble, wanted) => {
    const out = folder();
    await expect(run(out, toyPlan({ trouble }))).rejects.toMatchObject(wanted);
    expect(await run(out)).toEqual(['join']);
    expect(await tree(out).then((sums) => Object.keys(sums).filter((name) => !name.includes('.partial')))).toEqual(
      Object.keys(await reference),
    );
  });

  test('keeps what its process printed', async () => {
    const out = folder();
    await run(out, [toy('lone', {}, { trouble: 'crash' })]).catch(() => {});
    expect(readFileSync(join(out, 'logs/lone.log'), 'utf8')).toContain('last words');
  });
});
