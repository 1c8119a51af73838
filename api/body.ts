import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './deps.ts';
import { HttpProblem } from './problem.ts';

/** Reads at most `limit` bytes. @throws HttpProblem 413 */
async function readLimited(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new HttpProblem(413, `body: more than ${limit} bytes`, { field: 'body', next: 'send less at a time' });
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    total += value.byteLength;
    if (total > limit) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.byteLength;
  }
  return out;
}

/** Stands before the validation of a JSON body: size and media type are settled here. */
export const jsonBody =
  (limit: number): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const type = c.req.header('content-type') ?? '';
    if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
      throw new HttpProblem(415, 'content-type: the body must be application/json in UTF-8', {
        field: 'content-type',
        allowed: ['application/json'],
      });
    const bytes = await readLimited(c.req.raw, limit);
    c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers: c.req.raw.headers, body: bytes });
    await next();
  };
