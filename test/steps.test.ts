import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const { readReport } = await import(new URL('./steps.mjs', import.meta.url).href);
const { findChromium } = await import(new URL('./chromium.mjs', import.meta.url).href);
const { isInstalled } = await import(new URL('../pipelines/cli/setup.mjs', import.meta.url).href);

const folder = () => mkdtempSync(join(tmpdir(), 'parallax-steps-'));

describe('the count of tests', () => {
  const file = (status: string, tests: [string, string][]) => ({
    name: 'file',
    status,
    assertionResults: tests.map(([fullName, outcome]) => ({ fullName, status: outcome })),
  });
  const read = (success: boolean, ...testResults: unknown[]) => readReport(JSON.stringify({ success, testResults }));

  test('names what passed, failed and was skipped', () => {
    const tests = file('failed', [
      ['a', 'passed'],
      ['b', 'failed'],
      ['c', 'pending'],
      ['d', 'skipped'],
      ['e', 'todo'],
    ]);
    expect(read(false, tests)).toEqual({ passed: ['a'], failed: ['b'], skipped: ['c', 'd', 'e'] });
  });

  test('a file that does not load, and an error between tests, are failures', () => {
    expect(read(false, file('failed', []))).toEqual({ passed: [], failed: ['file'], skipped: [] });
    expect(read(false, file('passed', [['a', 'passed']])).failed).toEqual(['errors outside of the tests']);
  });
});

describe('Chromium', () => {
  const { PATH, CHROME_PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
    if (CHROME_PATH === undefined) delete process.env['CHROME_PATH'];
    else process.env['CHROME_PATH'] = CHROME_PATH;
  });
  const program = (dir: string, name: string) => {
    writeFileSync(join(dir, name), '#!/bin/sh\n');
    chmodSync(join(dir, name), 0o755);
    return join(dir, name);
  };

  test('CHROME_PATH goes before the system, and nothing replaces a wrong one', () => {
    const dir = folder();
    const system = program(dir, 'chromium');
    process.env['PATH'] = dir;
    delete process.env['CHROME_PATH'];
    expect(findChromium()).toBe(system);
    process.env['CHROME_PATH'] = program(dir, 'other');
    expect(findChromium()).toBe(join(dir, 'other'));
    process.env['CHROME_PATH'] = join(dir, 'none');
    expect(findChromium()).toBeUndefined();
  });
});

describe('an install', () => {
  const packages = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  const root = (installed: unknown) => {
    const dir = `${folder()}/`;
    mkdirSync(join(dir, 'node_modules/node/bin'), { recursive: true });
    writeFileSync(join(dir, 'node_modules/node/bin/node'), '');
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify({ packages }));
    if (installed) writeFileSync(join(dir, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    return dir;
  };

  test.each([
    ['the wanted versions are there', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['a version is another', { 'node_modules/a': { version: '1.0.1' } }, false],
    ['a package is missing', { 'node_modules/b': { version: '2.0.0' } }, false],
    ['npm did not finish', null, false],
  ])('%s', (_, installed, wanted) => {
    expect(isInstalled(root(installed))).toBe(wanted);
  });
});
