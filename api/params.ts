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

/** A number in JSON's notation; what no float64 holds counts as the largest one. */
export const NumberText = z
  .string()
  .max(400)
  .regex(/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/)
  .transform((text) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number(text))))
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

/** Names separated by commas. */
export const namesOf = (text: string): string[] => text.split(',');
export const listOf = (allowed: readonly string[]) =>
  z
    .string()
    .max(2000)
    .refine((text) => namesOf(text).every((name) => allowed.includes(name)), {
      error: `allowed, separated by commas: ${allowed.join(', ')}`,
      params: { allowed },
    })
    .openapi({ pattern: `^(${allowed.join('|')})(,(${allowed.join('|')}))*$` });

export const MAX_PAGE = 256;
export const Limit = integerText(1, MAX_PAGE)
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE, description: 'Rows a page', default: 50 });
export const Cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{4,400}$/)
  .optional()
  .openapi({
    description:
      'Opaque mark from the page before; it belongs to its release and query, and is not found anywhere else',
  });
export const DEFAULT_LIMIT = 50;

/** Operations that take no query refuse one. */
export const NoQuery = z.strictObject({});
