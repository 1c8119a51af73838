import type { Context } from 'hono';
import type { AppEnv } from './deps.ts';
import { COMMON } from './headers.ts';

/** A static file of the site with the headers that every answer has; null where there is none. */
export async function fromAssets(
  c: Context<AppEnv>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response | null> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return null;
  const found = await c.var.deps.assets?.(c.req.raw);
  if (!found) return null;
  const copy = new Response(found.body, found);
  for (const [name, value] of Object.entries({ ...COMMON, ...headers })) copy.headers.set(name, value);
  return copy;
}
