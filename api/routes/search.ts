import { z } from '@hono/zod-openapi';
import { HEAD_ID } from '#release/ids.ts';
import type { SearchQuery } from '#release/search/query.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { Cursor, DEFAULT_LIMIT, Limit, ReleaseParam } from '../params.ts';
import { accepted, respondJson } from '../respond.ts';
import { json, Page, READ } from '../schema.ts';

const Hit = z.object({ id: z.string(), label: z.string() }).openapi('Hit');

const Query = z.strictObject({
  words: z.string().max(200).optional().openapi({
    description: 'Words of the label, all of which must match; `lef*` matches every word that begins so',
    example: 'left of',
  }),
  token: z
    .string()
    .max(100)
    .optional()
    .openapi({ description: 'A promoted token; `lef*` matches every token that begins so' }),
  relation: z.string().max(100).optional().openapi({ description: 'A relation that the feature tells apart' }),
  head: z.string().regex(HEAD_ID).optional().openapi({ description: 'A head with an edge into the feature' }),
  limit: Limit,
  cursor: Cursor,
});

export const search = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/search',
    operationId: 'searchFeatures',
    tags: ['features'],
    summary: 'Features by label words, promoted token, relation and head; the most telling first',
    request: { params: ReleaseParam, query: Query },
    responses: { 200: json(Page(Hit).openapi('HitPage'), 'A page of hits'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { limit, cursor, ...query } = c.req.valid('query');
    const found = await reader.search(query as SearchQuery, limit ?? DEFAULT_LIMIT, cursor);
    return respondJson(c, reader.id, {
      release: reader.id,
      total: found.total,
      rows: found.hits.map(({ id, label }) => ({ id, label })),
      cursor: found.cursor,
    });
  },
);
