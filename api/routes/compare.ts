import { z } from '@hono/zod-openapi';
import { FEATURE_ID, parseFeatureId, RELEASE_ID } from '#release/ids.ts';
import { Estimate, Label, ModalityClass, StageMetrics } from '#release/schema/index.ts';
import { operation } from '../operation.ts';
import { HttpProblem, problems } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { json } from '../schema.ts';

const MAX_RELEASES = 8;
const ID = RELEASE_ID.source.replace(/^\^|\$$/g, '');
const Query = z.strictObject({
  id: z.string().regex(FEATURE_ID).openapi({ description: 'Feature', example: 'L0F0' }),
  releases: z
    .string()
    .regex(new RegExp(`^${ID}(,${ID}){0,${MAX_RELEASES - 1}}$`))
    .optional()
    .openapi({
      description: `Release ids, separated by commas, up to ${MAX_RELEASES}; by default the newest ones`,
    }),
});
const Row = z
  .object({
    release: z.string(),
    hash: z.string(),
    label: Label,
    class: ModalityClass,
    spatial: z.boolean(),
    adapted: z.boolean(),
    stages: StageMetrics,
    preference: Estimate,
  })
  .openapi('Compared');

export const compare = operation(
  {
    method: 'get',
    path: '/api/v1/compare',
    operationId: 'compareFeature',
    tags: ['features'],
    summary: 'The same feature index in several releases; releases without it are left out',
    request: { query: Query },
    responses: {
      200: json(z.object({ id: z.string(), rows: z.array(Row) }).openapi('Comparison'), 'The feature in each release'),
      304: { description: 'The reader has it already' },
      ...problems(400, 404, 406, 502),
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { id, releases } = c.req.valid('query');
    const registry = c.var.deps.releases;
    const ids =
      releases === undefined ? (await registry.list()).slice(0, MAX_RELEASES) : [...new Set(releases.split(','))];
    const { layer, index } = parseFeatureId(id)!;
    const rows = await Promise.all(
      ids.map(async (release) => {
        const reader = await registry.open(release);
        if (!reader)
          throw new HttpProblem(404, `releases: there is no release ${release}`, {
            field: 'releases',
            next: 'see /api/v1/releases',
          });
        const [card, hash] = await Promise.all([reader.feature(layer, index), reader.hash('cards', layer, index)]);
        if (!card || !hash) return [];
        const { label, stages, preference, flags } = card;
        return [
          {
            release,
            hash,
            label,
            class: card.class,
            spatial: flags.spatial,
            adapted: flags.adapted,
            stages,
            preference,
          },
        ];
      }),
    );
    return respondJson(c, null, { id, rows: rows.flat() });
  },
);
