import type { Context } from 'hono';
import { sha256Hex } from '#release/sha256.ts';
import type { AppEnv } from './deps.ts';
import { gzip, wantsGzip } from './gzip.ts';
import { BRIEFLY, COMMON, FOREVER } from './headers.ts';
import { negotiate } from './negotiate.ts';
import { HttpProblem } from './problem.ts';

export interface Answer {
  readonly body: string | Uint8Array;
  readonly type?: string;
  /** Release that the answer belongs to; null when it depends on which releases there are. */
  readonly release: string | null;
  /** Form of the record, where it has several: each has its own tag. */
  readonly form?: string;
  /** sha256 of the record that the answer is made from; of the body itself where left out. */
  readonly hash?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** True when `If-None-Match` names the tag, by weak comparison (RFC 9110 13.1.2). */
export const matches = (header: string | undefined, tag: string): boolean =>
  (header ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);

/** The one place that knows about caching: strong ETag, 304, immutable under a release id. */
export async function respond(c: Context<AppEnv>, answer: Answer): Promise<Response> {
  const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body;
  const hash = answer.hash ?? (await sha256Hex(body));
  const zipped = (c.var.deps.gzip ?? false) && wantsGzip(c.req.header('accept-encoding'), body.byteLength);
  const tags = tagsOf(answer, hash);
  const headers = {
    ...COMMON,
    etag: tags[zipped ? 1 : 0],
    'cache-control': answer.release === null ? BRIEFLY : FOREVER,
    vary: 'accept, accept-encoding',
    ...answer.headers,
  };
  if (tags.some((tag) => matches(c.req.header('if-none-match'), tag)))
    return new Response(null, { status: 304, headers });
  const sent = zipped ? await gzip(body) : body;
  return new Response(sent as Uint8Array<ArrayBuffer>, {
    headers: {
      ...headers,
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
      'content-type': answer.type ?? 'application/json',
      'content-length': String(sent.byteLength),
    },
  });
}

/** Strong tags of an answer as it is and in gzip: other bytes, another tag (RFC 9110 8.8.3.3). */
function tagsOf({ release, form }: Answer, hash: string): [string, string] {
  const tag = [release ?? 'releases', hash, ...(form ? [form] : [])].join(':');
  return [`"${tag}"`, `"${tag}:gzip"`];
}

/** JSON made for this answer. */
export const respondJson = (
  c: Context<AppEnv>,
  release: string | null,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<Response> => respond(c, { body: JSON.stringify(value), release, headers });

/** The offered media type that the reader likes best. @throws HttpProblem 406 */
export function accepted(c: Context<AppEnv>, offered: readonly string[]): string {
  const type = negotiate(c.req.header('accept'), offered);
  if (type === null)
    throw new HttpProblem(406, 'accept: none of the forms asked for is there', { field: 'accept', allowed: offered });
  return type;
}
