import type { Context } from 'hono';
import type { AppEnv } from './deps.ts';
import { HttpProblem } from './problem.ts';

/** Lets a probe pass, or throws HttpProblem 429. */
export async function withinLimit(c: Context<AppEnv>): Promise<void> {
  const { rateLimit } = c.var.deps;
  if (rateLimit && !(await rateLimit(c.req.raw)))
    throw new HttpProblem(429, 'too many probes', {
      next: 'try again in a minute',
      headers: { 'retry-after': '60' },
    });
}
