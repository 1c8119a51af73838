import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../pipelines/cli/bin.mjs', import.meta.url));

/** What a command line gave. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `parallax <words>` to its end. */
export function parallax(words: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', BIN, ...words], {
    encoding: 'utf8',
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  return { code: status, out: stdout, err: stderr };
}

/** One line that names what is wrong and, after a dash, the next step. */
export const oneLine = (what: RegExp): RegExp =>
  new RegExp(`^parallax: [^\\n]*(?:${what.source})[^\\n]* - [^\\n]+\\n$`);
