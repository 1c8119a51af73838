import type { ColumnData } from '#release/columns.ts';

/** A column of made-up numbers for tests, NaN where a value is missing. */
export const numberColumn = (name: string, values: readonly (number | null)[]): [string, ColumnData] => [
  name,
  {
    column: {
      name,
      title: name,
      unit: '',
      description: '',
      group: '',
      kind: 'number',
      type: 'f32',
      values: null,
      min: null,
      max: null,
      missing: values.filter((v) => v === null).length,
    },
    data: Float32Array.from(values, (v) => v ?? Number.NaN),
  },
];
