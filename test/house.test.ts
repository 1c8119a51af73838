import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const code = files.filter((file) => /\.(ts|mjs|astro|mdx)$/.test(file) && /^(api|site|pipelines|test)\//.test(file));

/** Rooms of `pipelines/` in the order that data walks through them; a room imports only rooms before it. */
const ROOMS = ['config', 'graph', 'models', 'data', 'activations', 'sae', 'diff', 'spatial', 'heads', 'label'];
/** Rooms that everybody may read: the contract, and what a sample and a config are. */
const COMMON = ['release', 'config', 'data'];
/** Rooms that import no other. */
const ALONE = ['graph', 'release', 'config'];

/** Imports of a file: the quoted target of every `from` and `import(...)`. */
const importsOf = (text: string) =>
  [...text.matchAll(/\bfrom\s+'([^']+)'|\bimport\(\s*'([^']+)'|^import\s+'([^']+)'/gm)].map(
    (m) => (m[1] ?? m[2] ?? m[3])!,
  );

/** Path below the root of an import of our own; undefined for a package. */
function ownPath(file: string, target: string): string | undefined {
  if (target.startsWith('.')) return relative(ROOT, join(ROOT, dirname(file), target));
  if (target.startsWith('#release/')) return `pipelines/release/${target.slice(9)}`;
  if (target.startsWith('#graph/')) return `pipelines/graph/${target.slice(7)}`;
  return target.startsWith('#pipelines/') ? `pipelines/${target.slice(11)}` : undefined;
}

const roomOf = (path: string) => /^pipelines\/([^/]+)\//.exec(path)?.[1];

/** Why an import is against the order of the rooms; undefined where it is not. */
function against(file: string, target: string): string | undefined {
  const path = ownPath(file, target);
  if (path === undefined) return undefined;
  const [from, to] = [roomOf(file), roomOf(path)];
  const line = `${file} imports ${path}`;
  if (from === undefined) return /^(api|site)\//.test(file) && to !== undefined && to !== 'release' ? line : undefined;
  if (from === to || from === 'cli' || from === 'publish') return undefined;
  if (to === undefined) return /^(fixtures|package\.json)/.test(path) ? undefined : line;
  if (ALONE.includes(from)) return line;
  if (COMMON.includes(to)) return undefined;
  const [at, above] = [ROOMS.indexOf(from), ROOMS.indexOf(to)];
  return above >= 0 && above < at ? undefined : line;
}

describe('the house', () => {
  test('has the names that it should at the top', () => {
    const top = new Set(files.map((file) => file.split('/')[0]!).filter((name) => !name.startsWith('.')));
    const allowed = [
      'api',
      'fixtures',
      'pipelines',
      'site',
      'test',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
    ];
    const papers = ['README.md', 'LICENSE', 'NOTICE', 'CITATION.cff', 'wrangler.toml'];
    expect([...top].filter((name) => ![...allowed, ...papers].includes(name))).toEqual([]);
  });

  test('lets imports go downward only', () => {
    const tests = /\.test\.ts$|\/testing\/|^test\/|^site\/test\//;
    const wrong = code
      .filter((file) => !tests.test(file))
      .flatMap((file) => importsOf(read(file)).map((target) => against(file, target)))
      .filter((line) => line !== undefined);
    expect(wrong).toEqual([]);
  });

  test('knows a wrong import when it sees one', () => {
    expect(against('pipelines/graph/x.ts', '../config/errors.ts')).toBeDefined();
    expect(against('pipelines/sae/x.ts', '#pipelines/heads/edges.ts')).toBeDefined();
    expect(against('api/x.ts', '../pipelines/sae/x.ts')).toBeDefined();
    expect(against('site/src/x.ts', '#graph/x.ts')).toBeDefined();
    expect(against('pipelines/heads/x.ts', '#pipelines/sae/x.ts')).toBeUndefined();
    expect(against('api/x.ts', '#release/x.ts')).toBeUndefined();
  });

  test('keeps every file to one idea of at most 250 lines', () => {
    const long = code
      .map((file) => [file, read(file).split('\n').length - 1] as const)
      .filter(([, lines]) => lines > 250);
    expect(long).toEqual([]);
  });

  test('leaves no word of work that is not done', () => {
    const unfinished = new RegExp(['TO', 'DO|FIX', 'ME|HA', 'CK\\b'].join(''));
    expect(code.filter((file) => unfinished.test(read(file)))).toEqual([]);
  });
});
