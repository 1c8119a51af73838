/** An error as the command line shows it: one line with the next step, and an exit code. */
export interface Failure {
  readonly line: string;
  readonly code: number;
  readonly stack?: string;
}

/** Errors of the machine that a user can mend, by their code. */
const NEXT: Readonly<Record<string, (message: string) => string>> = {
  ENOSPC: () => 'free some space on the disk, then start again: the run goes on where it was',
  EDQUOT: () => 'free some of the disk quota, then start again: the run goes on where it was',
  EACCES: () => 'change the rights of that path, or choose another with --out',
  EROFS: () => 'choose a folder that can be written with --out',
  ENOENT: () => 'check the path',
  EADDRINUSE: () => 'stop the other program, or choose another port with PORT=<number>',
};

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ').trim();

/** Any error with a string `next` is shown as it is; errors of the system get theirs by code; the rest is a bug. */
export function failureOf(error: unknown): Failure {
  const { message, next, misuse, code, exitCode, stack } = (error ?? {}) as Record<string, unknown>;
  const what = oneLine(typeof message === 'string' && message !== '' ? message : String(error));
  const trace = typeof stack === 'string' ? { stack } : {};
  if (typeof next === 'string') {
    const exit = typeof exitCode === 'number' ? exitCode : misuse === true ? 2 : 1;
    return { line: `${what} - ${oneLine(next)}`, code: exit, ...trace };
  }
  const known = typeof code === 'string' && Object.hasOwn(NEXT, code) ? NEXT[code] : undefined;
  return { line: `${what} - ${known?.(what) ?? 'run again with --verbose to see where'}`, code: 1, ...trace };
}
