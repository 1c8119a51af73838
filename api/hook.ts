import type { z } from '@hono/zod-openapi';
import { HttpProblem } from './problem.ts';

interface Checked {
  readonly success: boolean;
  readonly target: string;
  readonly error?: z.core.$ZodError;
}
type Issue = z.core.$ZodIssue;

/** Where the first thing wrong is, and what would be right. */
function describe(
  issue: Issue,
  known: readonly string[],
): { field: string; detail: string; allowed?: readonly string[] } {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const field = [path, issue.keys[0]].filter(Boolean).join('.');
    return { field, detail: `${field}: is not known here`, ...(path === '' ? { allowed: known } : {}) };
  }
  if (issue.code === 'invalid_value')
    return { field: path, detail: `${path}: is not one of the values allowed`, allowed: issue.values.map(String) };
  if (issue.code === 'invalid_format')
    return { field: path, detail: `${path}: must match ${issue.pattern ?? issue.format}` };
  const allowed = issue.code === 'custom' ? (issue.params?.['allowed'] as readonly string[] | undefined) : undefined;
  return { field: path, detail: `${path}: ${issue.message}`, ...(allowed ? { allowed } : {}) };
}

/** Turns a failed check into a problem: 422 for a body that is JSON but not what is wanted, 400 for the rest. */
export const checkHook =
  (known: readonly string[]) =>
  (result: Checked): void => {
    if (result.success || !result.error) return;
    const { field, detail, allowed } = describe(result.error.issues[0]!, known);
    throw new HttpProblem(result.target === 'json' ? 422 : 400, detail, { field, ...(allowed ? { allowed } : {}) });
  };
