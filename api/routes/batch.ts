import { z } from '@hono/zod-openapi';
import { FEATURE_ID, parseFeatureId } from '#release/ids.ts';
import type { StoredRecord } from '#release/records.ts';
import { jsonBody } from '../body.ts';
import { COMMON } from '../headers.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NoQuery, ReleaseParam } from '../params.ts';
import { problems } from '../problem.ts';
import { accepted } from '../respond.ts';
import { Feature, json } from '../schema.ts';

export const MAX_BATCH = 256;
/** Records read at the same time: each may bring a whole shard into memory. */
const AT_ONCE = 16;
const Batch = z
  .strictObject({ ids: z.array(z.string().regex(FEATURE_ID)).min(1).max(MAX_BATCH) })
  .openapi('BatchRequest', { example: { ids: ['L0F0', 'L0F1'] } });

export const batch = operation(
  {
    method: 'post',
    path: '/api/v1/r/{release}/batch',
    operationId: 'getFeatures',
    tags: ['features'],
    summary: `Up to ${MAX_BATCH} features, in the order asked for; null where there is none`,
    middleware: [jsonBody(64 * 1024)],
    request: {
      params: ReleaseParam,
      query: NoQuery,
      body: { required: true, content: { 'application/json': { schema: Batch } } },
    },
    responses: {
      200: json(
        z.object({ release: z.string(), features: z.array(Feature.nullable()) }).openapi('Batch'),
        'The features',
      ),
      307: { description: 'The path names an alias: ask the newest release of that name' },
      ...problems(400, 404, 406, 413, 415, 422, 502),
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const places = c.req.valid('json').ids.map((id) => parseFeatureId(id)!);
    const records: (StoredRecord | null)[] = [];
    for (let at = 0; at < places.length; at += AT_ONCE) {
      const some = places.slice(at, at + AT_ONCE);
      records.push(...(await Promise.all(some.map(({ layer, index }) => reader.stored('cards', layer, index)))));
    }
    // Records go out as they are stored: their bytes are already proved by their hashes.
    const text = new TextDecoder();
    const features = records.map((record) => (record ? text.decode(record.bytes) : 'null')).join(',');
    return new Response(`{"release":${JSON.stringify(reader.id)},"features":[${features}]}`, {
      headers: { ...COMMON, 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
  },
);
