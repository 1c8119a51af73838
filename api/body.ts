import type { MiddlewareHandler } from 'hono';
import { PIECE, readBody } from '#release/read-body.ts';
import type { AppEnv } from './deps.ts';
import { HttpProblem } from './problem.ts';

/** Reads at most `limit` bytes. @throws HttpProblem 413 */
async function readLimited(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN);
  // One byte more than there should be: the end is then seen in the same read.
  const expected = Number.isInteger(announced) && announced >= 0 ? Math.min(announced + 1, PIECE) : PIECE;
  const bytes = announced > limit ? null : await readBody(request.body, limit + 1, expected);
  if (bytes && bytes.byteLength <= limit) return bytes;
  throw new HttpProblem(413, `body: more than ${limit} bytes`, { field: 'body', next: 'send less at a time' });
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
    // What was read is what every later reader of the body gets.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(new TextDecoder().decode(bytes)) });
    await next();
  };
