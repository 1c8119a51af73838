import { z } from '@hono/zod-openapi';
import { FEATURE_ID, HEAD_ID, parseFeatureId } from '#release/ids.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { noFeature, openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { ReleaseParam } from '../params.ts';
import { accepted, respondJson } from '../respond.ts';
import { json, READ } from '../schema.ts';

const STATUS = ['estimated', 'verified'] as const;
const Edge = z
  .object({
    head: z.string(),
    feature: z.string(),
    status: z.enum(STATUS),
    /** Signed attribution. */
    estimate: z.number(),
    /** Exact patch, where run. */
    exact: z.number().nullable(),
  })
  .openapi('Edge');
type Edge = z.infer<typeof Edge>;

const Query = z.strictObject({
  feature: z
    .string()
    .regex(FEATURE_ID)
    .optional()
    .openapi({ description: 'Edges into this feature: all that its record holds' }),
  head: z.string().regex(HEAD_ID).optional().openapi({ description: 'Edges out of this head' }),
  status: z.enum(STATUS).optional().openapi({ description: 'Estimated by attribution, or verified by an exact patch' }),
});

async function edgesInto(reader: ReleaseReader, id: string): Promise<Edge[]> {
  const { layer, index } = parseFeatureId(id)!;
  const card = await reader.feature(layer, index);
  if (!card) throw noFeature(reader, id);
  return card.heads.map(({ head, status, estimate, exact }) => ({
    head,
    feature: id,
    status,
    estimate: estimate.value,
    exact: exact?.value ?? null,
  }));
}

async function edgesOut(reader: ReleaseReader): Promise<Edge[]> {
  const { heads } = await reader.heads();
  return heads.flatMap((h) =>
    h.features.map(({ id, status, estimate, exact }) => ({ head: h.id, feature: id, status, estimate, exact })),
  );
}

export const edges = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/edges',
    operationId: 'listEdges',
    tags: ['heads'],
    summary: 'Edges from heads to features: of one feature, of one head, or those of the head table',
    request: { params: ReleaseParam, query: Query },
    responses: {
      200: json(z.object({ release: z.string(), edges: z.array(Edge) }).openapi('Edges'), 'The edges'),
      ...READ,
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { feature, head, status } = c.req.valid('query');
    const all = feature ? await edgesInto(reader, feature) : await edgesOut(reader);
    const kept = all.filter((e) => (!head || e.head === head) && (!status || e.status === status));
    return respondJson(c, reader.id, { release: reader.id, edges: kept });
  },
);
