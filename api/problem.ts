import { z } from '@hono/zod-openapi';
import type { ReleaseError, ReleaseErrorCode } from '#release/errors.ts';
import { COMMON } from './headers.ts';

/** RFC 9457. `field` names what is wrong, `allowed` what would be right, `next` the next step. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    field: z.string().nullable(),
    allowed: z.array(z.string()).nullable(),
    next: z.string().nullable(),
  })
  .openapi('Problem');
export type Problem = z.infer<typeof Problem>;

export const TITLES = {
  400: 'Bad request',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict',
  413: 'Content too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  501: 'Not implemented',
  502: 'Damaged release',
} as const;
export type ProblemStatus = keyof typeof TITLES;

export interface ProblemDetail {
  readonly field?: string;
  readonly allowed?: readonly string[];
  readonly next?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by handlers, answered as problem+json. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: ProblemStatus;
  readonly more: ProblemDetail;
  constructor(status: ProblemStatus, detail: string, more: ProblemDetail = {}) {
    super(detail);
    this.status = status;
    this.more = more;
  }
}

/** Lists longer than this are left out of an answer's `allowed`. */
const MAX_ALLOWED = 200;

/** The answer to a problem. Problems are never kept by caches. */
export function problemResponse({ status, message, more }: HttpProblem): Response {
  const body: Problem = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    field: more.field ?? null,
    allowed: more.allowed && more.allowed.length <= MAX_ALLOWED ? [...more.allowed] : null,
    next: more.next ?? null,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...COMMON, 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...more.headers },
  });
}

/** Whose fault an error of a release is: the asker's, or that of the release (502). */
const STATUS: Readonly<Record<ReleaseErrorCode, ProblemStatus>> = {
  argument: 400,
  cursor: 404,
  malformed: 502,
  hash: 502,
  limit: 502,
  'not-found': 502,
};

export function fromReleaseError(error: ReleaseError): HttpProblem {
  const field = error.message.slice(0, Math.max(0, error.message.indexOf(':')));
  return new HttpProblem(STATUS[error.code], error.message, { field, next: error.next });
}

const described = (status: ProblemStatus) => ({
  description: TITLES[status],
  content: { 'application/problem+json': { schema: Problem } },
});

/** Declarations of the problems that an operation can answer with. */
export const problems = <S extends ProblemStatus>(...statuses: S[]): { [K in S]: ReturnType<typeof described> } =>
  Object.fromEntries(statuses.map((status) => [status, described(status)])) as never;
