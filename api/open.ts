import type { Context } from 'hono';
import { parseReleaseId } from '#release/ids.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { newestOf } from '#release/registry.ts';
import type { AppEnv } from './deps.ts';
import { HttpProblem } from './problem.ts';

const MAX_LISTED = 50;

/** Thrown to send the reader elsewhere, for a short while. */
export class Redirect extends Error {
  readonly location: string;
  readonly status: 302 | 303 | 307;
  constructor(location: string, status: 302 | 303 | 307) {
    super(location);
    this.location = location;
    this.status = status;
  }
}

/** The release that a path names. @throws Redirect from an alias to the newest id; HttpProblem 404 */
export async function openRelease(c: Context<AppEnv>, text: string): Promise<ReleaseReader> {
  const { releases } = c.var.deps;
  if (parseReleaseId(text)) {
    const reader = await releases.open(text);
    if (reader) return reader;
  }
  const ids = await releases.list();
  const newest = parseReleaseId(text) ? null : newestOf(ids, text);
  if (newest) {
    const { search } = new URL(c.req.url);
    const pathname = pathOf(c) ?? '';
    // 307 keeps the method and the body of a probe.
    throw new Redirect(
      encodeURI(pathname.replace(`/${text}`, `/${newest}`)) + search,
      c.req.method === 'POST' ? 307 : 302,
    );
  }
  throw new HttpProblem(404, `release: there is no release ${text}`, {
    field: 'release',
    allowed: ids.slice(0, MAX_LISTED),
    next: 'see /api/v1/releases',
  });
}

/** Path of a request with its escapes undone; null where they cannot be. Total. */
export function pathOf(c: Context<AppEnv>): string | null {
  try {
    return decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    return null;
  }
}

/** What a missing feature's problem says. */
export const noFeature = (reader: ReleaseReader, id: string): HttpProblem =>
  new HttpProblem(404, `id: ${reader.id} has no feature ${id}`, {
    field: 'id',
    next: `layers ${reader.manifest.layers.join(', ')}, features 0 to ${reader.manifest.features_per_layer - 1}`,
  });
