import { z } from '@hono/zod-openapi';
import { sensitivity as selectAt } from '#release/sensitivity.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NumberText, ReleaseParam } from '../params.ts';
import { accepted, respondJson } from '../respond.ts';
import { json, READ } from '../schema.ts';

/** The paper's threshold, for releases whose settings name none. */
const PAPER_EPS = 0.01;

/** The threshold that the release itself was made with. */
function epsOf(settings: Readonly<Record<string, unknown>>): number {
  const diff = settings['diff'] as { eps?: unknown } | null | undefined;
  return typeof diff?.eps === 'number' && Number.isFinite(diff.eps) ? diff.eps : PAPER_EPS;
}
const Query = z.strictObject({
  rotation: NumberText.optional().openapi({
    description: 'Largest cos(S, F) that counts as turned; by default the threshold of the release',
  }),
  eps: NumberText.optional().openapi({
    description: 'Smallest energy on the multimodal stream; by default the threshold of the release',
  }),
  preference: NumberText.optional().openapi({
    description: 'Smallest lower end of the vision preference (0.5 for the strict rule)',
  }),
});
const Result = z
  .object({
    release: z.string(),
    thresholds: z.object({ rotation: z.number(), eps: z.number(), preference: z.number().nullable() }),
    count: z.int(),
    share: z.number(),
    /** Overlap with the features that the release calls adapted. */
    jaccard: z.number().nullable(),
    /** The same rule on the text-only control. */
    control: z.object({ count: z.int(), n: z.int() }).nullable(),
    layers: z.array(z.object({ layer: z.int(), count: z.int() })),
  })
  .openapi('Selected');

export const sensitivity = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/sensitivity',
    operationId: 'getSensitivity',
    tags: ['layers'],
    summary: 'How many features the adaptation rule selects at other thresholds, beside the control',
    request: { params: ReleaseParam, query: Query },
    responses: { 200: json(Result, 'What is selected'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const query = c.req.valid('query');
    const thresholds = {
      rotation: query.rotation ?? (await reader.summary()).thresholds.rotation,
      eps: query.eps ?? epsOf(reader.manifest.settings),
      preference: query.preference ?? null,
    };
    return respondJson(c, reader.id, { release: reader.id, thresholds, ...(await selectAt(reader, thresholds)) });
  },
);
