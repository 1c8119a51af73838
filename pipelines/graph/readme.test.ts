import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the example of the README prints what it says', async () => {
  const readme = await readFile('pipelines/graph/README.md', 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  expect(example.trimEnd().split('\n').length - 3).toBeLessThanOrEqual(15);
  const folder = await mkdtemp(join(tmpdir(), 'parallax-readme-'));
  try {
    const file = join(folder, 'example.mjs');
    const graph = pathToFileURL(resolve('pipelines/graph')).href;
    await writeFile(file, example.replaceAll("'#graph/", `'${graph}/`));
    const { stdout } = await promisify(execFile)('node_modules/.bin/node', ['--no-warnings', file]);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(readme).toContain(`\`${line}\``);
  } finally {
    await rm(folder, { recursive: true });
  }
});
