import { OpenAPIHono } from '@hono/zod-openapi';
import { compress } from 'hono/compress';
import { HTTPException } from 'hono/http-exception';
import { ReleaseError } from '#release/errors.ts';
import { fromAssets, missingPage } from './assets.ts';
import { serveData } from './data.ts';
import type { AppDeps, AppEnv } from './deps.ts';
import { BRIEFLY, COMMON } from './headers.ts';
import { methodsOf } from './methods.ts';
import { serveOembed } from './oembed.ts';
import { Redirect } from './open.ts';
import openapi from './openapi.json' with { type: 'json' };
import { OPERATIONS } from './operations.ts';
import { servePage } from './pages.ts';
import { fromReleaseError, HttpProblem, type ProblemStatus, problemResponse, TITLES } from './problem.ts';
import { respond } from './respond.ts';

export type { AppDeps, PageContext, Pages, RenderedPage } from './deps.ts';

const isKnown = (status: number): status is ProblemStatus => status in TITLES;

/** Any error as the problem that it is. */
function problemOf(error: Error, deps: AppDeps): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof ReleaseError) return fromReleaseError(error);
  // The validator of bodies throws its own error for what is not JSON.
  if (error instanceof HTTPException && error.status === 400)
    return new HttpProblem(400, 'body: not JSON', { field: 'body' });
  if (error instanceof HTTPException && isKnown(error.status))
    return new HttpProblem(error.status, error.message || TITLES[error.status]);
  deps.report?.(error);
  return new HttpProblem(500, 'the server failed on this request');
}

const PREFLIGHT = {
  'access-control-allow-headers': 'accept, content-type, if-none-match, range',
  'access-control-max-age': '86400',
};

/** The committed description, examples and all; a test says when the routes differ from it. */
const DOCUMENT = JSON.stringify(openapi);

/** API, permalinks, data and static pages over what `deps` gives; nothing else is touched. */
export function createApp(deps: AppDeps) {
  const base = new OpenAPIHono<AppEnv>();
  base.use(async (c, next) => {
    c.set('deps', deps);
    await next();
  });
  // What `respond` has not packed already: static files and streams.
  if (deps.gzip) base.use(compress({ encoding: 'gzip' }));
  base.onError(async (error, c) => {
    if (error instanceof Redirect)
      return new Response(null, {
        status: error.status,
        headers: { ...COMMON, location: error.location, 'cache-control': BRIEFLY, vary: 'accept' },
      });
    const problem = problemOf(error, deps);
    return (problem.status === 404 ? await missingPage(c) : null) ?? problemResponse(problem);
  });
  const app = base.openapiRoutes(OPERATIONS);
  app.get('/api/v1/openapi.json', (c) => respond(c, { body: DOCUMENT, release: null }));
  app.on(['GET'], '/r/*', async (c) => (await servePage(c)) ?? c.notFound());
  // The same page: its own script sees this address and shows the record alone.
  app.on(['GET'], '/embed/r/*', (c) => app.fetch(new Request(c.req.url.replace('/embed/r/', '/r/'), c.req.raw), c.env));
  app.on(['GET'], '/oembed', serveOembed);
  app.on(['GET'], '/data/*', async (c) => (await serveData(c)) ?? c.notFound());
  app.notFound(async (c) => {
    const { pathname } = new URL(c.req.url);
    const methods = methodsOf(pathname);
    if (c.req.method === 'OPTIONS' && methods.length > 0)
      return new Response(null, {
        status: 204,
        headers: {
          ...COMMON,
          ...PREFLIGHT,
          allow: methods.join(', '),
          'access-control-allow-methods': methods.join(', '),
        },
      });
    if (methods.length > 0 && !methods.includes(c.req.method))
      return problemResponse(
        new HttpProblem(405, `${c.req.method} is not answered here`, {
          allowed: methods,
          headers: { allow: methods.join(', ') },
        }),
      );
    const page = pathname.startsWith('/api/') ? null : ((await fromAssets(c)) ?? (await missingPage(c)));
    return (
      page ??
      problemResponse(new HttpProblem(404, `there is nothing at ${pathname}`, { next: 'see /api/v1/openapi.json' }))
    );
  });
  return app;
}

/** The app's type, for the typed client: `hc<App>(address)`. */
export type App = ReturnType<typeof createApp>;
