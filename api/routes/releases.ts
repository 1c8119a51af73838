import { z } from '@hono/zod-openapi';
import { parseReleaseId } from '#release/ids.ts';
import { newestOf } from '#release/registry.ts';
import { operation } from '../operation.ts';
import { NoQuery } from '../params.ts';
import { problems } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { json } from '../schema.ts';

const ReleaseRow = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    newest: z.boolean(),
    /** Null where the release cannot be opened. */
    title: z.string().nullable(),
    date: z.string().nullable(),
    features: z.int().nullable(),
  })
  .openapi('ReleaseRow');

/** Releases that are served, newest first. */
export const releases = operation(
  {
    method: 'get',
    path: '/api/v1/releases',
    operationId: 'listReleases',
    tags: ['releases'],
    summary: 'Releases that are served, newest first',
    request: { query: NoQuery },
    responses: {
      200: json(z.object({ releases: z.array(ReleaseRow) }).openapi('Releases'), 'The releases'),
      304: { description: 'The reader has it already' },
      ...problems(400, 406),
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const registry = c.var.deps.releases;
    const ids = await registry.list();
    const rows = await Promise.all(
      ids.map(async (id) => {
        const { name, version } = parseReleaseId(id)!;
        // One damaged release does not hide the others: it is listed without its title.
        const manifest = await registry.open(id).then(
          (r) => r?.manifest ?? null,
          () => null,
        );
        return {
          id,
          name,
          version,
          newest: newestOf(ids, name) === id,
          title: manifest?.title ?? null,
          date: manifest?.date ?? null,
          features: manifest?.counts.features ?? null,
        };
      }),
    );
    return respondJson(c, null, { releases: rows });
  },
);
