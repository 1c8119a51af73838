import { z } from '@hono/zod-openapi';
import { SCALARS, type Scalar } from '#release/scalars.ts';
import type { Filter, Selection } from '#release/select.ts';
import { FlagText, listOf, NumberText, namesOf } from './params.ts';

type Query = Record<string, unknown>;
interface FilterParams {
  readonly shape: (scalar: Scalar) => Record<string, z.ZodType>;
  readonly read: (scalar: Scalar, query: Query) => Filter | null;
}

const range: FilterParams = {
  shape: ({ name, title, unit }) => ({
    [`${name}.min`]: NumberText.optional().openapi({ description: `${title}: at least${unit && `, ${unit}`}` }),
    [`${name}.max`]: NumberText.optional().openapi({ description: `${title}: at most${unit && `, ${unit}`}` }),
  }),
  read: ({ name }, query) => {
    const [min, max] = [query[`${name}.min`], query[`${name}.max`]] as [number | undefined, number | undefined];
    return min === undefined && max === undefined
      ? null
      : { name, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  },
};

/** How each kind of scalar is filtered. */
const KINDS: Record<Scalar['kind'], FilterParams> = {
  number: range,
  integer: range,
  flag: {
    shape: ({ name, description }) => ({ [name]: FlagText.optional().openapi({ description }) }),
    read: ({ name }, query) => (query[name] === undefined ? null : { name, values: [Number(query[name])] }),
  },
  class: {
    shape: ({ name, description, values }) => ({
      [name]: listOf(values ?? [])
        .optional()
        .openapi({ description: `${description}; several with commas`, example: values?.[0] }),
    }),
    read: ({ name, values }, query) =>
      query[name] === undefined
        ? null
        : { name, values: namesOf(String(query[name])).map((v) => values?.indexOf(v) ?? -1) },
  },
};

const SORTS = SCALARS.flatMap((s) => [s.name, `-${s.name}`]) as [string, ...string[]];

/** Query parameters that select, order and show features by their scalars. */
export const SELECTION_QUERY: Record<string, z.ZodType> = {
  ...Object.assign({}, ...SCALARS.map((scalar) => KINDS[scalar.kind].shape(scalar))),
  sort: z
    .enum(SORTS)
    .optional()
    .openapi({ description: 'Scalar to order by, with - from the largest; features without a value come last' }),
  fields: listOf(SCALARS.map((s) => s.name))
    .optional()
    .openapi({ description: 'Scalars that the rows show, separated by commas', example: 'cos_s_f,preference' }),
};

/** The selection that a checked query asks for. */
export function readSelection(query: Query): Selection {
  const sort = query['sort'] as string | undefined;
  return {
    filters: SCALARS.flatMap((scalar) => KINDS[scalar.kind].read(scalar, query) ?? []),
    sort: sort?.replace(/^-/, '') ?? null,
    descending: sort?.startsWith('-') ?? false,
  };
}

export const readFields = (query: Query, otherwise: readonly string[]): readonly string[] =>
  query['fields'] === undefined ? otherwise : namesOf(String(query['fields']));
