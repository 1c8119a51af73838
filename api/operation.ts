import { createRoute, type RouteConfig, type RouteHandler } from '@hono/zod-openapi';
import type { AppEnv } from './deps.ts';
import { checkHook } from './hook.ts';

/** One operation of the API: what it is, what does it, and what a failed check of its parameters says. */
export const operation = <const R extends RouteConfig>(config: R, handler: RouteHandler<R, AppEnv>) => {
  const query = config.request?.query as { readonly shape?: Record<string, unknown> } | undefined;
  return { route: createRoute(config), handler, hook: checkHook(Object.keys(query?.shape ?? {})) };
};
