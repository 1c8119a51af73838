import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv } from './deps.ts';
import { describeApp } from './document.ts';

/** A request that shows what an operation answers; `{release}` stands for the release it is shown on. */
interface Shown {
  readonly path: string;
  readonly body?: unknown;
}

/** One for every operation; a test says when one is missing. */
export const SHOWN: Readonly<Record<string, Shown>> = {
  listReleases: { path: '/api/v1/releases' },
  getRelease: { path: '/api/v1/r/{release}' },
  listModels: { path: '/api/v1/r/{release}/models' },
  listLayers: { path: '/api/v1/r/{release}/layers' },
  getLayer: { path: '/api/v1/r/{release}/layers/0' },
  listColumns: { path: '/api/v1/r/{release}/columns' },
  listFeatures: { path: '/api/v1/r/{release}/features?cos_s_f.max=0.9&sort=cos_s_f&limit=2' },
  searchFeatures: { path: '/api/v1/r/{release}/search?words=lef*&limit=2' },
  getFeatures: { path: '/api/v1/r/{release}/batch', body: { ids: ['L0F0'] } },
  getFeature: { path: '/api/v1/r/{release}/features/L0F0' },
  getExamples: { path: '/api/v1/r/{release}/features/L0F0/examples' },
  getNeighbours: { path: '/api/v1/r/{release}/features/L0F0/neighbours' },
  listHeads: { path: '/api/v1/r/{release}/heads' },
  getHead: { path: '/api/v1/r/{release}/heads/H0.0' },
  listEdges: { path: '/api/v1/r/{release}/edges?feature=L0F0' },
  getStages: { path: '/api/v1/r/{release}/stages?metric=cos_s_f&bins=4' },
  getSensitivity: { path: '/api/v1/r/{release}/sensitivity?rotation=0.7' },
  compareFeature: { path: '/api/v1/compare?id=L0F0' },
  getSummary: { path: '/api/v1/r/{release}/summary' },
  getQuality: { path: '/api/v1/r/{release}/quality' },
  probeVectors: {
    path: '/api/v1/r/{release}/probe/vectors',
    body: { layer: 0, vectors: [Array.from({ length: 16 }, (_, i) => i / 8 - 1)], top: 2 },
  },
};

/** What a refused request gets, for every problem that the document declares. */
const PROBLEM = { type: 'about:blank', field: null, allowed: null, next: null };
const problemExample = (status: string, description: string) => ({
  ...PROBLEM,
  title: description,
  status: Number(status),
  detail: description,
});

interface Media {
  example?: unknown;
}
interface Operation {
  operationId: string;
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
type Document = { paths: Record<string, Record<string, Operation>> };

/** The description of an app with an example of every response, taken from the app itself over `release`. */
export async function describeWithExamples(app: OpenAPIHono<AppEnv>, release: string): Promise<object> {
  const document = describeApp(app) as Document;
  for (const operations of Object.values(document.paths))
    for (const operation of Object.values(operations)) {
      const shown = SHOWN[operation.operationId];
      if (!shown) throw new Error(`operation ${operation.operationId} has no example request`);
      for (const [status, { description, content }] of Object.entries(operation.responses))
        for (const [type, media] of Object.entries(content ?? {}))
          media.example =
            status === '200' ? await answer(app, shown, type, release) : problemExample(status, description);
    }
  return document;
}

async function answer(
  app: OpenAPIHono<AppEnv>,
  { path, body }: Shown,
  type: string,
  release: string,
): Promise<unknown> {
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await app.request(path.replace('{release}', release), {
    ...post,
    headers: { accept: type, 'content-type': 'application/json' },
  });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return type.endsWith('ndjson') ? JSON.parse((await response.text()).split('\n')[0]!) : response.json();
}
