import { renderFeature } from '../site/src/render/feature.ts';
import { renderHead } from '../site/src/render/head.ts';
import { near } from '../site/src/render/near.ts';
import { type AppDeps, createApp } from './app.ts';
import kernel from './probe-kernel.wasm?module';
import { shellPages } from './shell.ts';
import { askService } from './text-service.ts';
import type { Env } from './worker-env.ts';
import { canonicalUrl, workerRegistry } from './worker-releases.ts';

/** Everything that the app needs, from the Worker's bindings. */
function depsOf(env: Env): AppDeps {
  const assets = async (request: Request): Promise<Response | null> => {
    const found = await env.ASSETS.fetch(new Request(canonicalUrl(request.url), request));
    return found.status === 404 ? null : found;
  };
  const limit = env.PROBE_LIMIT;
  return {
    releases: workerRegistry(env),
    assets,
    pages: shellPages(assets, { renderFeature, renderHead, near }),
    probeModule: async () => kernel,
    ...(limit
      ? {
          rateLimit: async (request: Request) =>
            (await limit.limit({ key: request.headers.get('cf-connecting-ip') ?? 'unknown' })).success,
        }
      : {}),
    ...(env.TEXT_PROBE ? { askText: askService(env.TEXT_PROBE) } : {}),
    ...(env.ORIGIN === undefined ? {} : { origin: env.ORIGIN }),
    ...(env.PROBLEMS === undefined ? {} : { problems: env.PROBLEMS }),
    report: (error) => console.error(error.stack),
  };
}

const apps = new WeakMap<Env['ASSETS'], ReturnType<typeof createApp>>();

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    let app = apps.get(env.ASSETS);
    if (!app) {
      app = createApp(depsOf(env));
      apps.set(env.ASSETS, app);
    }
    return app.fetch(request, env);
  },
};
