import { z } from '@hono/zod-openapi';
import { parseHeadId } from '#release/ids.ts';
import { Estimate, HeadsFile } from '#release/schema/index.ts';
import { signposting } from '../links.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { HeadParam, NoQuery, ReleaseParam } from '../params.ts';
import { HttpProblem } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { HeadRecord, json, READ } from '../schema.ts';

const HeadRow = z
  .object({
    id: z.string(),
    layer: z.int(),
    head: z.int(),
    rank: z.int(),
    sentence: z.string(),
    spatial_effect: Estimate,
    random_effect: Estimate.nullable(),
    features: z.int(),
  })
  .openapi('HeadRow');
const Heads = HeadsFile.omit({ heads: true })
  .extend({ release: z.string(), heads: z.array(HeadRow) })
  .openapi('Heads');

export const heads = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/heads',
    operationId: 'listHeads',
    tags: ['heads'],
    summary: 'The heads, with what is known of all of them together',
    request: { params: ReleaseParam, query: NoQuery },
    responses: { 200: json(Heads, 'The heads'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { heads: records, ...together } = await reader.heads();
    const rows = records.map(({ id, layer, head, rank, sentence, spatial_effect, random_effect, features }) => ({
      id,
      layer,
      head,
      rank,
      sentence,
      spatial_effect,
      random_effect,
      features: features.length,
    }));
    return respondJson(c, reader.id, { release: reader.id, ...together, heads: rows });
  },
);

export const head = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/heads/{id}',
    operationId: 'getHead',
    tags: ['heads'],
    summary: 'A head: what it attends to, what it feeds, what its ablation changes',
    request: { params: HeadParam, query: NoQuery },
    responses: { 200: json(HeadRecord, 'The head'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { release, id } = c.req.valid('param');
    const reader = await openRelease(c, release);
    const record = (await reader.heads()).heads.find((h) => h.id === id);
    if (!record)
      throw new HttpProblem(404, `id: ${reader.id} has no head ${id}`, {
        field: 'id',
        next: `see /api/v1/r/${reader.id}/heads`,
      });
    return respondJson(c, reader.id, record, { link: signposting(reader, { kind: 'head', ...parseHeadId(id)! }) });
  },
);
