import { z } from '@hono/zod-openapi';
import { decodeCursor, encodeCursor } from '#release/cursor.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { prepareSelection, selectAll, selectPage } from '#release/select.ts';
import { readFields, readSelection, SELECTION_QUERY } from '../filters.ts';
import { ndjson } from '../ndjson.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { Cursor, DEFAULT_LIMIT, Limit, ReleaseParam } from '../params.ts';
import { HttpProblem } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { DEFAULT_FIELDS, rowsOf } from '../rows.ts';
import { FeatureRow, json, Page, READ } from '../schema.ts';

const LINES = 'application/x-ndjson';

/** Filters come from the table of scalars, so the types know their texts and not their names. */
const Query = z.strictObject({ ...SELECTION_QUERY, limit: Limit, cursor: Cursor }) as z.ZodObject<
  { limit: typeof Limit; cursor: typeof Cursor } & Record<string, z.ZodOptional<z.ZodString>>,
  z.core.$strict
>;

export const list = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/features',
    operationId: 'listFeatures',
    tags: ['features'],
    summary: 'Features by filters on any scalar, in any order; as NDJSON, all of them in one answer',
    request: { params: ReleaseParam, query: Query },
    responses: {
      200: {
        description: 'A page of features; NDJSON: a line a feature, the whole selection from the cursor on',
        content: { ...json(Page(FeatureRow).openapi('FeaturePage'), '').content, [LINES]: { schema: FeatureRow } },
      },
      ...READ,
    },
  },
  async (c) => {
    const type = accepted(c, ['application/json', LINES]);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { cursor, limit, ...query } = c.req.valid('query') as Record<string, unknown> & {
      cursor?: string;
      limit?: number;
    };
    const selection = readSelection(query);
    const scope = JSON.stringify([reader.id, selection]);
    const after = readCursor(reader, scope, cursor);
    const fields = readFields(query, DEFAULT_FIELDS);
    const prepared = await prepareSelection(reader, selection);
    if (type === LINES) {
      const all = selectAll(prepared);
      const rest = after === null ? all : all.slice(all.indexOf(after) + 1);
      return ndjson(limit === undefined ? rest : rest.slice(0, limit), (part) => rowsOf(reader, part, fields));
    }
    const page = selectPage(prepared, limit ?? DEFAULT_LIMIT, after);
    return respondJson(c, reader.id, {
      release: reader.id,
      total: page.total,
      rows: await rowsOf(reader, page.ordinals, fields),
      cursor: page.more ? encodeCursor(scope, [page.ordinals.at(-1)!]) : null,
    });
  },
);

function readCursor(reader: ReleaseReader, scope: string, cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const position = decodeCursor(scope, cursor, 1);
  if (!position || position[0]! >= reader.count)
    throw new HttpProblem(404, 'cursor: not one of this list on this release', {
      field: 'cursor',
      next: 'start again without cursor',
    });
  return position[0]!;
}
