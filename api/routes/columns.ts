import { z } from '@hono/zod-openapi';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NoQuery, ReleaseParam } from '../params.ts';
import { accepted, respondJson } from '../respond.ts';
import { Column, json, READ } from '../schema.ts';

export const columns = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/columns',
    operationId: 'listColumns',
    tags: ['features'],
    summary: 'The scalars of features: title, unit, range; their values lie in /data/<release>/columns/<name>.bin',
    request: { params: ReleaseParam, query: NoQuery },
    responses: {
      200: json(
        z.object({ release: z.string(), count: z.int(), columns: z.array(Column) }).openapi('Columns'),
        'The columns',
      ),
      ...READ,
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    return respondJson(c, reader.id, { release: reader.id, ...(await reader.columnTable()) });
  },
);
