import type { OpenAPIHono } from '@hono/zod-openapi';
import recorded from '../fixtures/api-examples.json' with { type: 'json' };
import type { AppEnv } from './deps.ts';
import { describeApp } from './document.ts';

/** A request that shows what an operation answers; `{release}`, `{feature}`, `{head}`, `{layer}` stand for places of it. */
interface Shown {
  readonly path: string;
  readonly body?: unknown;
}
export type Places = Readonly<Record<'release' | 'feature' | 'head' | 'layer' | 'width', string>>;

const R = '/api/v1/r/{release}';

/** One for every operation; a test says when one is missing. */
export const SHOWN: Readonly<Record<string, (places: Places) => Shown>> = {
  listReleases: () => ({ path: '/api/v1/releases' }),
  getRelease: () => ({ path: R }),
  listModels: () => ({ path: `${R}/models` }),
  listLayers: () => ({ path: `${R}/layers` }),
  getLayer: () => ({ path: `${R}/layers/{layer}` }),
  listColumns: () => ({ path: `${R}/columns` }),
  listFeatures: () => ({ path: `${R}/features?spatial=true&sort=-risk_difference&limit=2` }),
  searchFeatures: () => ({ path: `${R}/search?words=lef*&limit=2` }),
  getFeatures: ({ feature }) => ({ path: `${R}/batch`, body: { ids: [feature] } }),
  getFeature: () => ({ path: `${R}/features/{feature}` }),
  getExamples: () => ({ path: `${R}/features/{feature}/examples` }),
  getNeighbours: () => ({ path: `${R}/features/{feature}/neighbours` }),
  listHeads: () => ({ path: `${R}/heads` }),
  getHead: () => ({ path: `${R}/heads/{head}` }),
  listEdges: () => ({ path: `${R}/edges?feature={feature}` }),
  getStages: () => ({ path: `${R}/stages?metric=cos_s_f&bins=4` }),
  getSensitivity: () => ({ path: `${R}/sensitivity?rotation=0.7` }),
  compareFeature: () => ({ path: '/api/v1/compare?id={feature}' }),
  getSummary: () => ({ path: `${R}/summary` }),
  getQuality: () => ({ path: `${R}/quality` }),
  probeVectors: ({ layer, width }) => ({
    path: `${R}/probe/vectors`,
    body: { layer: Number(layer), vectors: [Array.from({ length: Number(width) }, (_, i) => (i % 8) / 4 - 1)], top: 2 },
  }),
  probeText: ({ layer }) => ({
    path: `${R}/probe/text`,
    body: { text: 'the cat is left of the dog', layer: Number(layer), top: 2 },
  }),
};

/** Answers by operation and media type. */
export type Recorded = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Lists of an example are cut to this many entries, texts to so many characters. */
const LIST = 3;
const KEYS = 12;

/** A value with its lists cut short; objects keep every key but those of long maps, such as the files of a manifest. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LIST).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const isMap = entries.length > KEYS && entries.every(([key]) => /[./]/.test(key));
  return Object.fromEntries((isMap ? entries.slice(0, LIST) : entries).map(([key, one]) => [key, shortened(one)]));
}

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

const operationsOf = (app: OpenAPIHono<AppEnv>) => {
  const document = describeApp(app) as { paths: Record<string, Record<string, Operation>> };
  return { document, operations: Object.values(document.paths).flatMap((path) => Object.values(path)) };
};

/** The description of an app with an example of every response, as it was recorded. */
export function describeWithExamples(app: OpenAPIHono<AppEnv>): object {
  const { document, operations } = operationsOf(app);
  for (const { operationId, responses } of operations)
    for (const [status, { description, content }] of Object.entries(responses))
      for (const [type, media] of Object.entries(content ?? {}))
        media.example =
          status === '200' ? (recorded.answers as Recorded)[operationId]?.[type] : problemExample(status, description);
  return document;
}

/** Asks an app for an example of every answer, over the places given. Throws where an answer is no 200. */
export async function recordExamples(app: OpenAPIHono<AppEnv>, places: Places): Promise<Recorded> {
  const answers: Record<string, Record<string, unknown>> = {};
  for (const { operationId, responses } of operationsOf(app).operations) {
    const shown = SHOWN[operationId];
    if (!shown) throw new Error(`operation ${operationId} has no example request`);
    answers[operationId] = {};
    for (const type of Object.keys(responses['200']?.content ?? {}))
      answers[operationId][type] = shortened(await answer(app, shown(places), places, type));
  }
  return answers;
}

async function answer(app: OpenAPIHono<AppEnv>, { path, body }: Shown, places: Places, type: string): Promise<unknown> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof Places) => places[name]);
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await app.request(filled, {
    ...post,
    headers: { accept: type, 'content-type': 'application/json' },
  });
  if (response.status !== 200) throw new Error(`${filled}: ${response.status} ${await response.text()}`);
  return type.endsWith('ndjson') ? JSON.parse((await response.text()).split('\n')[0]!) : response.json();
}
