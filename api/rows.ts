import { columnValue } from '#release/columns.ts';
import type { ReleaseReader } from '#release/reader.ts';

export type Cell = number | string | boolean | null;

/** Scalars that a row shows when none are asked for. */
export const DEFAULT_FIELDS = [
  'layer',
  'index',
  'class',
  'spatial',
  'adapted',
  'cos_s_f',
  'preference',
  'risk_difference',
];

const KINDS = {
  number: (value: number) => Number(value.toPrecision(7)),
  integer: (value: number) => value,
  flag: (value: number) => value === 1,
  class: (value: number, names: readonly string[]) => names[value] ?? null,
} as const;

/** Scalars that a feature's place tells, without a column: a million of them are 6 MB. */
const PLACES = ['layer', 'index'] as const;

/**
 * Rows of features: id, label, and the scalars in `fields`, float32 with the seven digits that they hold. One column is held
 * at a time, so that memory does not grow with the fields.
 */
export async function rowsOf(reader: ReleaseReader, ordinals: readonly number[], fields: readonly string[]) {
  const labels = await reader.labels(ordinals);
  const places = ordinals.map((ordinal) => reader.locate(ordinal));
  const rows = places.map(({ id }, i) => ({ id, label: labels[i]!, values: {} as Record<string, Cell> }));
  for (const name of fields) {
    const told = PLACES.find((place) => place === name);
    if (told) {
      for (const [i, row] of rows.entries()) row.values[name] = places[i]![told];
      continue;
    }
    const data = await reader.column(name);
    if (!data) continue;
    const { kind, values } = data.column;
    for (const [i, row] of rows.entries()) {
      const value = columnValue(data, ordinals[i]!);
      row.values[name] = value === null ? null : KINDS[kind](value, values ?? []);
    }
  }
  return rows;
}
