import type { Context } from 'hono';
import type { AppEnv } from './deps.ts';
import { COMMON } from './headers.ts';

/**
 * A static file of the site with the headers that every answer has; null where there is none.
 * @param path address to look at instead of the request's own
 */
export async function fromAssets(
  c: Context<AppEnv>,
  headers: Readonly<Record<string, string>> = {},
  path?: string,
): Promise<Response | null> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return null;
  const request = path === undefined ? c.req.raw : new Request(new URL(path, c.req.url), c.req.raw);
  const found = await c.var.deps.assets?.(request);
  if (!found) return null;
  const copy = new Response(found.body, found);
  for (const [name, value] of Object.entries({ ...COMMON, ...headers })) copy.headers.set(name, value);
  return copy;
}

/** Where a site keeps the page for addresses that do not exist; hosts differ in which of the two they answer. */
const MISSING = ['/404.html', '/404'];

/** The site's own page for an address that does not exist, where a person asks and the site has one. */
export async function missingPage(c: Context<AppEnv>): Promise<Response | null> {
  const { pathname } = new URL(c.req.url);
  const accept = c.req.header('accept') ?? '';
  if (pathname.startsWith('/api/') || pathname.startsWith('/data/') || !accept.includes('text/html')) return null;
  for (const path of MISSING) {
    const found = await c.var.deps.assets?.(new Request(new URL(path, c.req.url)));
    if (found?.ok)
      return new Response(found.body, {
        status: 404,
        headers: { ...COMMON, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', vary: 'accept' },
      });
  }
  return null;
}
