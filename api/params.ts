import { z } from '@hono/zod-openapi';
import { FEATURE_ID, HEAD_ID, RELEASE_ID, RELEASE_NAME } from '#release/ids.ts';

const described = (schema: z.ZodString, name: string, description: string, example: string) =>
  schema.openapi({ param: { name, in: 'path' }, description, example });

/** A release's id; a name is redirected to the newest of that name. */
export const ReleaseParam = z.object({
  release: described(
    z.string().regex(new RegExp(`${RELEASE_ID.source}|${RELEASE_NAME.source}`)),
    'release',
    'Release id, or a name: redirected to the newest release of that name',
    'demo',
  ),
});
export const FeatureParam = ReleaseParam.extend({
  id: described(z.string().regex(FEATURE_ID), 'id', 'Layer and feature index', 'L3F12'),
});
export const HeadParam = ReleaseParam.extend({
  id: described(z.string().regex(HEAD_ID), 'id', 'Layer and head', 'H3.5'),
});
export const LayerParam = ReleaseParam.extend({
  layer: described(z.string().regex(/^(0|[1-9]\d{0,2})$/), 'layer', 'Layer', '3'),
});

/** A decimal number as a query gives it: no hexadecimal, no empty text. */
export const NumberText = z
  .string()
  .regex(/^-?\d{1,15}(\.\d{1,15})?([eE][-+]?\d{1,2})?$/)
  .transform(Number)
  .openapi({ type: 'number' });
export const integerText = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .openapi({ type: 'integer', minimum: min, maximum: max });
export const FlagText = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .openapi({ type: 'string', enum: ['true', 'false'] });

export const MAX_PAGE = 256;
export const Limit = integerText(1, MAX_PAGE)
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE, description: 'Rows a page', default: 50 });
export const Cursor = z
  .string()
  .max(400)
  .optional()
  .openapi({ description: 'Opaque mark from the page before; it belongs to its release and query' });
export const DEFAULT_LIMIT = 50;

/** Operations that take no query refuse one. */
export const NoQuery = z.strictObject({});
